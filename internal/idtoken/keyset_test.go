package idtoken_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-jose/go-jose/v4"

	"token-refresher/internal/token"
)

// jwk is the first key as JSON, with changed fields; a nil value removes one.
func jwk(t *testing.T, changed claims) string {
	t.Helper()
	raw, err := json.Marshal(public("1", key1()))
	if err != nil {
		t.Fatal(err)
	}
	var fields claims
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	with(changed)(fields)
	return fields.json(t)
}

func marshalled(t *testing.T, key any) string {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestKeySets verifies a good token with what a provider may publish.
func TestKeySets(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usual := jwk(t, nil)
	other := marshalled(t, &key2().PublicKey)
	tests := []struct {
		name, id string
		keys     []string
		want     string // the check; "-": the keys are not available; empty: accepted
	}{
		{name: "as usual", id: "1", keys: []string{usual}},
		{name: "no use, no alg", id: "1", keys: []string{jwk(t, claims{"use": nil, "alg": nil})}},
		{name: "key_ops", id: "1", keys: []string{jwk(t, claims{"key_ops": []string{"verify"}})}},
		{name: "the only key, not named by the token", keys: []string{usual}},
		{name: "the only key, without a name of its own", keys: []string{jwk(t, claims{"kid": nil})}},
		{name: "two keys, not named by the token", keys: []string{usual, jwk(t, claims{"kid": "2"})}, want: "kid"},
		{name: "two keys of one name", id: "1", keys: []string{other, usual}},
		{name: "keys of other kinds beside it", id: "1", keys: []string{marshalled(t, &curve.PublicKey), `{"kty":"quantum"}`, `7`, usual}},
		{name: "a certificate that is none", id: "1", keys: []string{jwk(t, claims{"x5c": []string{"AAAA"}})}},
		{name: "a certificate elsewhere", id: "1", keys: []string{jwk(t, claims{"x5u": "%"})}},
		{name: "thumbprints of another spelling", id: "1", keys: []string{jwk(t, claims{"x5t": "AA==", "x5t#S256": "AA=="})}},
		{name: "32 keys", id: "1", keys: append(repeat(other, 31), usual)},

		{name: "for encryption", id: "1", keys: []string{jwk(t, claims{"use": "enc"}), other}, want: "signature"},
		{name: "for another algorithm", id: "1", keys: []string{jwk(t, claims{"alg": "RS512"})}, want: "-"},
		{name: "for other operations", id: "1", keys: []string{jwk(t, claims{"key_ops": []string{"encrypt"}})}, want: "-"},
		{name: "a private key", id: "1", keys: []string{marshalled(t, key1())}, want: "-"},
		{name: "too short", id: "1", keys: []string{marshalled(t, &weakKey().PublicKey)}, want: "-"},
		{name: "too long", id: "1", keys: []string{marshalled(t, &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1<<15, 1), E: 65537})}, want: "-"},
		{name: "symmetric", id: "1", keys: []string{marshalled(t, []byte("5ecret"))}, want: "-"},
		{name: "on a curve", id: "1", keys: []string{marshalled(t, &curve.PublicKey)}, want: "-"},
		{name: "a field twice", id: "1", keys: []string{strings.Replace(usual, "{", `{"kid":"1",`, 1)}, want: "-"},
		{name: "none", id: "1", want: "-"},
		{name: "33 keys", id: "1", keys: append(repeat(other, 32), usual), want: "-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				idp := newIDP()
				idp.publishText(`{"keys":[` + strings.Join(test.keys, ",") + `]}`)
				signed := token.NewSecret(sign(t, jose.RS256, key1(), test.id, frontClaims().json(t)))
				got, err := newVerifier(t, idp).Front(t.Context(), parse(t, ""), client("a"), front(signed))
				if test.want == "-" {
					wantUnavailable(t, err)
					return
				}
				wantCheck(t, got, err, test.want)
			})
		})
	}
}

func repeat(key string, n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = key
	}
	return keys
}
