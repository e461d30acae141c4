package idtoken_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// encryption is a good key for something else.
func encryption(id string) jose.JSONWebKey {
	key := public(id, key1())
	key.Use, key.Algorithm = "enc", "RSA-OAEP"
	return key
}

func signed(algorithm jose.SignatureAlgorithm) func(*testing.T, string) string {
	return func(t *testing.T, payload string) string {
		t.Helper()
		return sign(t, algorithm, key1(), "1", payload)
	}
}

// hs256 signs with what everybody knows: the public key, as the provider publishes
// it.
func hs256(t *testing.T, payload string) string {
	t.Helper()
	published, err := json.Marshal(public("1", key1()))
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, jose.HS256, published, "1", payload)
}

// embedded signs with a key that the header itself holds.
func embedded(t *testing.T, payload string) string {
	t.Helper()
	options := (&jose.SignerOptions{EmbedJWK: true}).WithHeader("kid", "1")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key2()}, options)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// headed puts another header and signature around the payload.
func headed(jwt, header, signature string) string {
	return encode(header) + "." + strings.Split(jwt, ".")[1] + "." + signature
}

func tampered(jwt string) string {
	parts := strings.Split(jwt, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = encode(strings.Replace(string(payload), merchant, "merchant-2", 1))
	return strings.Join(parts, ".")
}

// general is the same token in JSON serialization (RFC 7515 section 7.2.2).
func general(jwt string) string {
	parts := strings.Split(jwt, ".")
	return `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`
}
