package idtoken_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The code and its c_hash are from the documentation of MobilePay.
const (
	issuer   = "https://idp.example/merchant" // not where its documents are
	clientID = "client-1"
	merchant = "merchant-1"
	nonce    = "n0nce-0123456789"
	code     = "5a4d78451d8303230613e03072e3202cbe42394d1bc508795cd5edee8eb42417"
	codeHash = "snAmrqgpJj1iL5pspGCHFg"
)

// The example of OpenID Connect Core appendix A.3.
const (
	accessToken     = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
	accessTokenHash = "77QmUPtjPfzWtF2AnpK9RQ"
)

// Keys take long to make, and any test may use them.
var (
	key1    = sync.OnceValue(func() *rsa.PrivateKey { return makeKey(2048) })
	key2    = sync.OnceValue(func() *rsa.PrivateKey { return makeKey(2048) })
	weakKey = sync.OnceValue(func() *rsa.PrivateKey { return makeKey(1024) })
)

func makeKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// public is a key as a provider publishes it.
func public(id string, key *rsa.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: &key.PublicKey, KeyID: id, Algorithm: "RS256", Use: "sig"}
}

const object = `{"grant_type":"authorization_code","issuer":"` + issuer + `","token_endpoint":"https://idp.example/token",
	"discovery_url":"https://idp.example/doc","authorization_endpoint":"https://idp.example/authorize"`

// parse reads a provider with further fields.
func parse(t *testing.T, fields string) provider.Provider {
	t.Helper()
	allowed, err := provider.NewHosts([]string{"idp.example"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := provider.Parse([]byte(object+fields+"}"), allowed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func client(name string) token.Credentials {
	return token.Credentials{Client: name, ClientID: clientID, ClientSecret: token.NewSecret("5ecret")}
}

// idp publishes a discovery document and keys, in memory.
type idp struct {
	mu      sync.Mutex
	keys    string
	answer  func(*http.Request) (*http.Response, error) // instead of the keys
	fetched map[string]int                              // by path
}

func newIDP(keys ...jose.JSONWebKey) *idp {
	i := &idp{fetched: map[string]int{}}
	i.publish(keys...)
	return i
}

func (i *idp) publish(keys ...jose.JSONWebKey) {
	document, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		panic(err)
	}
	i.publishText(string(document))
}

func (i *idp) publishText(document string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys, i.answer = document, nil
}

// answers makes the idp give another answer when it is asked for keys.
func (i *idp) answers(answer func(*http.Request) (*http.Response, error)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

func (i *idp) fails() {
	i.answers(func(*http.Request) (*http.Response, error) { return reply(http.StatusServiceUnavailable, ""), nil })
}

func (i *idp) hangs() {
	i.answers(func(request *http.Request) (*http.Response, error) {
		<-request.Context().Done()
		return nil, request.Context().Err()
	})
}

// asked counts the requests for keys.
func (i *idp) asked() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetched["/keys"] + i.fetched["/pinned"]
}

func (i *idp) RoundTrip(request *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.fetched[request.URL.Path]++
	keys, answer := i.keys, i.answer
	i.mu.Unlock()
	if request.URL.Path == "/doc" {
		return reply(http.StatusOK, `{"issuer":"`+issuer+`","jwks_uri":"https://idp.example/keys"}`), nil
	}
	if answer != nil {
		return answer(request)
	}
	return reply(http.StatusOK, keys), nil
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func newVerifier(t *testing.T, transport http.RoundTripper) *idtoken.Verifier {
	t.Helper()
	discoverer, err := provider.NewDiscoverer(provider.DiscovererConfig{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := idtoken.New(idtoken.Config{Discoverer: discoverer})
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

type claims map[string]any

// frontClaims and backClaims are those of good tokens, issued now.
func frontClaims() claims {
	now := time.Now().Unix()
	return claims{
		"iss": issuer, "aud": clientID, "sub": merchant, "nonce": nonce, "c_hash": codeHash,
		"iat": now, "nbf": now, "exp": now + 300,
	}
}

func backClaims() claims {
	c := frontClaims()
	delete(c, "c_hash")
	c["at_hash"] = accessTokenHash
	return c
}

func (c claims) json(t testing.TB) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload)
}

// sign makes a JWS in compact form.
func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, id, payload string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// good is a token that the first key signed.
func good(t *testing.T, c claims) token.Secret {
	t.Helper()
	return token.NewSecret(sign(t, jose.RS256, key1(), "1", c.json(t)))
}

func front(idToken token.Secret) idtoken.Front {
	return idtoken.Front{IDToken: idToken, Code: token.NewSecret(code), Nonce: nonce}
}

func back(idToken token.Secret) idtoken.Back {
	return idtoken.Back{
		IDToken: idToken, AccessToken: token.NewSecret(accessToken), Nonce: nonce,
		Front: idtoken.Subject{Issuer: issuer, Subject: merchant},
	}
}

// wantCheck fails unless the error is an *Error of that check which holds nothing
// else. An empty check wants no error.
func wantCheck(t *testing.T, got idtoken.Subject, err error, check string) {
	t.Helper()
	if check == "" {
		if want := (idtoken.Subject{Issuer: issuer, Subject: merchant}); err != nil || got != want {
			t.Errorf("got %v and error %v, want %v", got, err, want)
		}
		return
	}
	refused, ok := errors.AsType[*idtoken.Error](err)
	if !ok || refused.Check != check {
		t.Fatalf("got error %v, want the check %s", err, check)
	}
	if text := "the ID token was refused: " + check; err.Error() != text || got != (idtoken.Subject{}) {
		t.Errorf("got %v and error %q, want nothing and %q", got, err, text)
	}
}
