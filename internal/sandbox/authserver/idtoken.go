package authserver

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// idTokenLifetime is what ID tokens live.
const idTokenLifetime = 300 * time.Second

// Algorithms of JSON Web Signatures (RFC 7518 section 3.1): that of ID tokens,
// and two that forged ones claim.
const (
	algorithm     = "RS256"
	algorithmNone = "none"
	algorithmHMAC = "HS256"
)

// idToken is an ID token that is not signed yet (OpenID Connect Core section
// 2). Faults change it.
type idToken struct {
	algorithm string
	keyID     string // empty: of the key that signs
	forged    bool   // signed with a key that is published nowhere
	omitted   bool   // not sent at all
	claims    idClaims
}

// idClaims are those of an ID token. That of a refresh has no nonce and no
// hash.
type idClaims struct {
	Issuer          string `json:"iss"`
	Audience        string `json:"aud"`
	AuthorizedParty string `json:"azp,omitempty"`
	Subject         string `json:"sub"`
	Nonce           string `json:"nonce,omitempty"`
	CodeHash        string `json:"c_hash,omitempty"`
	AccessTokenHash string `json:"at_hash,omitempty"`
	NotBefore       int64  `json:"nbf"`
	IssuedAt        int64  `json:"iat"`
	Expires         int64  `json:"exp"`
}

func newIDToken(issuer, audience, subject string, at time.Time) idToken {
	return idToken{algorithm: algorithm, claims: idClaims{
		Issuer: issuer, Audience: audience, Subject: subject,
		NotBefore: at.Unix(), IssuedAt: at.Unix(), Expires: at.Add(idTokenLifetime).Unix(),
	}}
}

// idTokenOf is the ID token beside an access token.
func idTokenOf(g grant, access token.Secret, at time.Time) idToken {
	t := newIDToken(g.issuer, g.client, g.subject, at)
	if g.nonce != "" {
		t.claims.Nonce, t.claims.AccessTokenHash = g.nonce, halfHash(access)
	}
	t.omitted = g.omitIDToken
	if g.spoil != nil {
		g.spoil(&t)
	}
	return t
}

// sign returns the token, empty if it is not to be sent.
func (ring *keyring) sign(t idToken) (token.Secret, error) {
	if t.omitted {
		return token.Secret{}, nil
	}
	ring.mu.Lock()
	defer ring.mu.Unlock()
	with, err := ring.current()
	if err != nil {
		return token.Secret{}, err
	}
	header := map[string]string{"alg": t.algorithm, "kid": with.id, "typ": "JWT"}
	if t.keyID != "" {
		header["kid"] = t.keyID
	}
	private := with.private
	if t.forged {
		if private, err = ring.forger(); err != nil {
			return token.Secret{}, err
		}
	}
	head, _ := json.Marshal(header) // strings and numbers: it cannot fail
	payload, _ := json.Marshal(t.claims)
	text := encode(head) + "." + encode(payload)
	signature, err := signatureOf(text, t.algorithm, private)
	if err != nil {
		return token.Secret{}, fmt.Errorf("sign an ID token: %w", err)
	}
	return token.NewSecret(text + "." + encode(signature)), nil
}

// signatureOf signs as the header says. An HMAC takes the public key for its
// secret: a verifier that lets the header choose is deceived by that.
func signatureOf(text, algorithm string, private *rsa.PrivateKey) ([]byte, error) {
	switch algorithm {
	case algorithmNone:
		return nil, nil
	case algorithmHMAC:
		public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
		if err != nil {
			return nil, err
		}
		mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
		mac.Write([]byte(text))
		return mac.Sum(nil), nil
	default:
		digest := sha256.Sum256([]byte(text))
		return rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
	}
}
