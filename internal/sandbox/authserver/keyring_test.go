package authserver_test

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"token-refresher/internal/sandbox/authserver"
)

// publishedKeys returns the key ids of the JWK set, and checks that its last
// key is the one that signs.
func publishedKeys(t *testing.T, server *authserver.Server) (kids []string) {
	t.Helper()
	response, body := send(t, server, getRequest(t, authserver.JWKSPath))
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status: got %d, want 200", response.StatusCode)
	}
	var last map[string]any
	keys, _ := decode(t, body)["keys"].([]any)
	for _, key := range keys {
		last, _ = key.(map[string]any)
		kid, _ := last["kid"].(string)
		kids = append(kids, kid)
	}
	if len(kids) == 0 || last["kty"] != "RSA" || last["alg"] != "RS256" || last["use"] != "sig" {
		t.Fatalf("got %d keys, the last of type %v, algorithm %v, use %v", len(kids), last["kty"], last["alg"], last["use"])
	}
	if public := server.IDTokenKey(); !public.Equal(&rsa.PublicKey{N: number(t, last["n"]), E: int(number(t, last["e"]).Int64())}) {
		t.Error("the last key is not the one that signs")
	}
	return kids
}

func number(t *testing.T, value any) *big.Int {
	t.Helper()
	text, _ := value.(string)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("a number of the key is not base64url: %v", err)
	}
	return new(big.Int).SetBytes(raw)
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	config := authserver.Config{Path: filepath.Join(t.TempDir(), "state.db"), Now: func() time.Time { return now }}
	var err error
	if config.IDTokenKey, err = signingKey(); err != nil {
		t.Fatal(err)
	}
	server, err := authserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	first := publishedKeys(t, server)
	if err := server.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	both := publishedKeys(t, server)
	if len(first) != 1 || len(both) != 2 || both[0] != first[0] || both[1] == first[0] {
		t.Errorf("got %v and then %v, want another key behind the first", first, both)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(24*time.Hour - time.Second)
	config.IDTokenKey = nil
	if server, err = authserver.New(config); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	if got := publishedKeys(t, server); !slices.Equal(got, both) {
		t.Errorf("after a restart: got %v, want %v", got, both)
	}
	now = now.Add(time.Second)
	if got := publishedKeys(t, server); !slices.Equal(got, both[1:]) {
		t.Errorf("a day later: got %v, want %v", got, both[1:])
	}
}

func TestKeysAreMadeWhenNeeded(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	if kids := publishedKeys(t, server); len(kids) != 1 || server.IDTokenKey().N.BitLen() != 2048 {
		t.Errorf("got %d keys, the last of %d bits, want one of 2048", len(kids), server.IDTokenKey().N.BitLen())
	}
}

func TestKeysUnavailable(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	if err := server.SetFault(authserver.Fault{Kind: authserver.KeysUnavailable, Times: 1}); err != nil {
		t.Fatal(err)
	}
	mustExchange(t, server, mustApprove(t, server, "n1").Get("code")) // nothing else is
	if response, _ := send(t, server, getRequest(t, authserver.JWKSPath)); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status: got %d, want 503", response.StatusCode)
	}
	publishedKeys(t, server)
}
