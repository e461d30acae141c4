package authserver

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// idTokenKeyBits is what the real server's keys have.
const idTokenKeyBits = 2048

// idTokenLifetime is what ID tokens live.
const idTokenLifetime = 300 * time.Second

// idTokens signs ID tokens (OpenID Connect Core section 12.2) by RS256, with a
// key that is made when the first one is: that takes a while, and most servers
// of tests give none.
type idTokens struct {
	once sync.Once
	key  *rsa.PrivateKey
	err  error
}

// idClaims are those of an ID token that comes with a refresh: it has no nonce.
type idClaims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat"`
	Expires   int64  `json:"exp"`
}

func (i *idTokens) sign(g grant, at time.Time) (token.Secret, error) {
	i.once.Do(func() { i.key, i.err = rsa.GenerateKey(rand.Reader, idTokenKeyBits) })
	if i.err != nil {
		return token.Secret{}, fmt.Errorf("make a key for ID tokens: %w", i.err)
	}
	payload, err := json.Marshal(idClaims{
		Issuer: g.issuer, Audience: g.client, Subject: g.subject,
		NotBefore: at.Unix(), IssuedAt: at.Unix(), Expires: at.Add(idTokenLifetime).Unix(),
	})
	if err != nil {
		return token.Secret{}, fmt.Errorf("encode the claims: %w", err)
	}
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, i.key, crypto.SHA256, digest[:])
	if err != nil {
		return token.Secret{}, fmt.Errorf("sign an ID token: %w", err)
	}
	return token.NewSecret(text + "." + encode(signature)), nil
}
