package authserver_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

const (
	clientID        = "pos client"
	clientSecret    = "s+ecret/with:signs%&= and space"
	ibmClientID     = "7f0c5f0a"
	subscriptionKey = "0f14ebcab0ec4b29ae0cb90d91b4a84a"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(serverEnv); path != "" {
		serveState(path)
	}
	goleak.VerifyTestMain(m)
}

func client() authserver.Client {
	return authserver.Client{
		ID:              clientID,
		Secret:          token.NewSecret(clientSecret),
		IBMClientID:     ibmClientID,
		SubscriptionKey: token.NewSecret(subscriptionKey),
	}
}

// newServer returns a server that knows client().
func newServer(t *testing.T, config authserver.Config) *authserver.Server {
	t.Helper()
	config.Clients = append(config.Clients, client())
	server, err := authserver.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return server
}

// basicHeader is the header of RFC 6749 section 2.3.1.
func basicHeader(id, secret string) string {
	return rawBasicHeader(url.QueryEscape(id), url.QueryEscape(secret))
}

func rawBasicHeader(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// integratorRequest is a good request for a token bound to no merchant.
func integratorRequest(ctx context.Context, base string) *http.Request {
	request := post(ctx, base+authserver.TokenPath, "grant_type=client_credentials")
	request.Header.Set("Authorization", basicHeader(clientID, clientSecret))
	request.Header.Set("x-ibm-client-id", ibmClientID)
	return request
}

func post(ctx context.Context, target, form string) *http.Request {
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form))
	request.RequestURI = "" // it is sent by a client
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request
}

// replaceBody gives the request another form.
func replaceBody(request *http.Request, form string) {
	request.Body = io.NopCloser(strings.NewReader(form))
	request.ContentLength = int64(len(form))
}

// send runs the request in memory and returns the whole answer.
func send(t *testing.T, server *authserver.Server, request *http.Request) (*http.Response, []byte) {
	t.Helper()
	response, err := authserver.Transport(server).RoundTrip(request)
	if err != nil {
		t.Fatalf("%s %s: %v", request.Method, request.URL.Path, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read the answer: %v", err)
	}
	return response, body
}

// exchange posts a form in memory, and returns the status and what is in the
// answer, if it is JSON.
func exchange(server *authserver.Server, path string, form url.Values) (int, map[string]any, error) {
	response, err := authserver.Transport(server).RoundTrip(merchantRequest(context.Background(), path, form))
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	var answer map[string]any
	_ = json.Unmarshal(body, &answer) // a revocation has no body
	return response.StatusCode, answer, err
}

// decode reads a JSON object with its numbers as they were written.
func decode(t *testing.T, body []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("the answer is not a JSON object: %v", err)
	}
	return object
}

// accessToken returns the token of an answer.
func accessToken(t *testing.T, body []byte) string {
	t.Helper()
	value, ok := decode(t, body)["access_token"].(string)
	if !ok || value == "" {
		t.Fatal("the answer has no access_token")
	}
	return value
}

func verifyRS256(t *testing.T, key *rsa.PublicKey, jwt string) {
	t.Helper()
	text, encoded, _ := strings.Cut(jwt, ".")
	payload, signature, _ := strings.Cut(encoded, ".")
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatalf("the signature is not base64url: %v", err)
	}
	digest := sha256.Sum256([]byte(text + "." + payload))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], raw); err != nil {
		t.Errorf("the ID token's signature: %v", err)
	}
}

// claims returns the claims of a JWT without looking at its signature.
func claims(t *testing.T, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts, want the 3 of a JWT", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatalf("the claims are not base64url: %v", err)
	}
	return decode(t, payload)
}

func at(second int64) func() time.Time {
	return func() time.Time { return time.Unix(second, 0) }
}
