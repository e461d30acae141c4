package authserver

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"token-refresher/internal/token"
)

const (
	issuer    = "https://api.mobilepay.dk/integrator-authentication"
	jwtHeader = `{"alg":"HS256","typ":"JWT"}`
	keyBytes  = 32
	idBytes   = 16
	bareBytes = 32 // of a refresh token or a code verifier
)

// signer makes access tokens and correlation ids. Access tokens are HS256, as
// in the published example; nobody but the server itself can verify them, and
// clients must not look into them anyway.
type signer struct {
	key []byte

	mu     sync.Mutex
	random io.Reader
}

func newSigner(random io.Reader) (*signer, error) {
	key := make([]byte, keyBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("read a signing key: %w", err)
	}
	return &signer{key: key, random: random}, nil
}

// claims are those of a real integrator token, and one that only makes a token
// long.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat,omitempty"`
	Expires   int64  `json:"exp"`
	ID        string `json:"jti"`
	ClientID  string `json:"client_id"`
	Merchant  string `json:"merchant_vat,omitempty"`
	// MerchantID is of merchants' tokens only.
	MerchantID string   `json:"merchant_id,omitempty"`
	Scope      []string `json:"scope,omitempty"`
	Padding    string   `json:"padding,omitempty"`
}

// accessToken signs a token for the grant, unique by its jti.
func (s *signer) accessToken(g grant, at time.Time) (token.Secret, error) {
	id, err := s.id()
	if err != nil {
		return token.Secret{}, err
	}
	from, issuedAt, merchantID := cmp.Or(g.issuer, issuer), at.Unix(), ""
	if g.issuer != "" {
		issuedAt, merchantID = 0, merchantIDOf(g.merchant) // merchants' tokens have no iat
	}
	payload, err := json.Marshal(claims{
		Issuer:     from,
		Audience:   from + "/resources",
		NotBefore:  at.Unix(),
		IssuedAt:   issuedAt,
		Expires:    at.Add(g.lifetime).Unix(),
		ID:         id,
		ClientID:   g.client,
		Merchant:   g.merchant,
		MerchantID: merchantID,
		Scope:      strings.Fields(g.scope),
		Padding:    strings.Repeat("x", g.padding),
	})
	if err != nil {
		return token.Secret{}, fmt.Errorf("encode the claims: %w", err)
	}
	text := encode([]byte(jwtHeader)) + "." + encode(payload)
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return token.NewSecret(text + "." + encode(mac.Sum(nil))), nil
}

// merchantIDOf is what the server itself calls a merchant.
func merchantIDOf(vat string) string {
	sum := sha256.Sum256([]byte("merchant " + vat))
	return hex.EncodeToString(sum[:idBytes])
}

// id returns a fresh id in hex.
func (s *signer) id() (string, error) { return s.hex(idBytes) }

// bare returns a fresh text that is a secret by itself.
func (s *signer) bare() (string, error) { return s.hex(bareBytes) }

func (s *signer) hex(length int) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	random := make([]byte, length)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return hex.EncodeToString(random), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
