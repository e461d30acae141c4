package idtoken

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// maxKeys is how many keys a set may have. A provider that rotates has two or
// three.
const maxKeys = 32

// minKeyBits is the size of the smallest RSA key that is used (RFC 7518 section
// 3.3). The largest is go-jose's to say.
const minKeyBits = 2048

// keySet is the keys of a provider that can verify RS256.
type keySet []key

type key struct {
	id     string // kid; may be empty
	public *rsa.PublicKey
}

// parseKeys reads a JSON Web Key Set (RFC 7517 section 5). Keys that are of no use
// here, or cannot be read, are passed over: they may be for somebody else.
func parseKeys(document []byte) (keySet, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(document, &set) != nil {
		return nil, errors.New("the document is not a set of keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, errors.New("the document has more than 32 keys")
	}
	var keys keySet
	for _, raw := range set.Keys {
		if found, ok := parseKey(raw); ok {
			keys = append(keys, found)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the document has no key that verifies RS256")
	}
	return keys, nil
}

func parseKey(raw []byte) (key, bool) {
	var parsed jose.JSONWebKey
	var operations struct {
		Allowed []string `json:"key_ops"`
	}
	if json.Unmarshal(bare(raw), &parsed) != nil || json.Unmarshal(raw, &operations) != nil {
		return key{}, false
	}
	public, ok := parsed.Key.(*rsa.PublicKey) // a private one that was published proves nothing
	switch {
	case !ok,
		public.N.BitLen() < minKeyBits,
		parsed.Use != "" && parsed.Use != "sig",
		parsed.Algorithm != "" && parsed.Algorithm != string(jose.RS256),
		operations.Allowed != nil && !slices.Contains(operations.Allowed, "verify"):
		return key{}, false
	}
	return key{id: parsed.KeyID, public: public}, true
}

// bare is a key without the certificates beside it (RFC 7517 sections 4.6 to 4.9).
// They are not looked at, and one that go-jose cannot read, or a thumbprint of
// another spelling, would cost the key.
func bare(raw []byte) []byte {
	var members map[string]any
	if json.Unmarshal(raw, &members) != nil {
		return raw
	}
	for _, name := range []string{"x5u", "x5c", "x5t", "x5t#S256"} {
		delete(members, name)
	}
	key, err := json.Marshal(members)
	if err != nil {
		return raw
	}
	return key
}

// named returns the keys with that id. A token that names none can only mean the
// one key of a set (OpenID Connect Core section 10.1).
func (s keySet) named(id string) []crypto.PublicKey {
	if id == "" && len(s) > 1 {
		return nil
	}
	var found []crypto.PublicKey
	for _, key := range s {
		if id == "" || key.id == id {
			found = append(found, key.public)
		}
	}
	return found
}
