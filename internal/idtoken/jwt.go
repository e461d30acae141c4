package idtoken

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"token-refresher/internal/token"
)

// maxToken is the size in bytes of the largest ID token that is looked at. What a
// browser carries is a tenth of it.
const maxToken = 16 << 10

// jwt is an ID token that is one by its form.
type jwt struct {
	raw   token.Secret
	keyID string // kid; empty if the header has none
}

// parse reads the header. Nothing of the token is believed yet.
func parse(raw token.Secret) (jwt, error) {
	if !raw.Storable() {
		return jwt{}, &Error{Check: checkMissing}
	}
	if len(raw.Reveal()) > maxToken {
		return jwt{}, &Error{Check: checkMalformed}
	}
	signed, err := jose.ParseSignedCompact(raw.Reveal(), []jose.SignatureAlgorithm{jose.RS256})
	if _, ok := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); ok {
		return jwt{}, &Error{Check: checkAlg}
	}
	if err != nil {
		return jwt{}, &Error{Check: checkMalformed}
	}
	return jwt{raw: raw, keyID: signed.Signatures[0].Protected.KeyID}, nil
}

// verify checks what both ID tokens have in common. go-oidc verifies what every ID
// token needs, but tells in prose what is wrong: so the claims are looked at again,
// to name the flaw, and for what go-oidc leaves to its callers.
func (j jwt) verify(keys keySet, want expected) (claims, error) {
	named := keys.named(j.keyID)
	if len(named) == 0 {
		return claims{}, &Error{Check: checkKid}
	}
	signature := &signature{keys: named}
	verifier := oidc.NewVerifier(want.issuer, signature, &oidc.Config{
		ClientID:             want.audience,
		SupportedSigningAlgs: []string{oidc.RS256},
		Now:                  func() time.Time { return time.Now().Add(-skew) },
	})
	_, refused := verifier.Verify(context.Background(), j.raw.Reveal()) // no key is waited for
	if signature.payload == nil {
		return claims{}, &Error{Check: checkSignature}
	}
	found, err := readClaims(signature.payload)
	if err != nil {
		return claims{}, err
	}
	if flaw := found.flaw(want); flaw != "" {
		return claims{}, &Error{Check: flaw}
	}
	if refused != nil {
		return claims{}, &Error{Check: checkMalformed}
	}
	return found, nil
}

// signature is the keys that a token may be signed with, as go-oidc asks for them.
// It keeps the payload of a token that is.
type signature struct {
	keys    []crypto.PublicKey
	payload []byte
}

// VerifySignature implements oidc.KeySet.
func (s *signature) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := (&oidc.StaticKeySet{PublicKeys: s.keys}).VerifySignature(ctx, jwt)
	if err == nil {
		s.payload = payload
	}
	return payload, err
}
