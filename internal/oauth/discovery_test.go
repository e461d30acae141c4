package oauth_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"token-refresher/internal/oauth"
)

const unpinned = `{"grant_type":"client_credentials","issuer":"https://api.mobilepay.dk/integrator-authentication",
	"discovery_url":"https://api.sandbox.mobilepay.dk/integrator-authentication/.well-known/openid-configuration",
	"headers":{"X-IBM-Client-Id":"{client_id}"},"token_endpoint_auth_method":"client_secret_post"}`

// publishing answers GET with a discovery document and POST with a token.
func publishing(status int, document string) *server {
	return &server{answer: func(request *http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(goodAnswer))}
		if request.Method == http.MethodGet {
			response.StatusCode, response.Body = status, io.NopCloser(strings.NewReader(document))
		}
		return response, nil
	}}
}

func TestTokenEndpointIsDiscovered(t *testing.T) {
	t.Parallel()
	idp := publishing(http.StatusOK, `{"issuer":"https://api.mobilepay.dk/integrator-authentication","token_endpoint":"https://api.mobilepay.dk/t"}`)
	client, p := newClient(t, idp), parse(t, unpinned)
	for range 2 {
		if _, err := client.ClientCredentials(t.Context(), p, credentials(nil), ""); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, request := range idp.sent() {
		got = append(got, request.method+" "+request.url)
	}
	want := "GET https://api.sandbox.mobilepay.dk/integrator-authentication/.well-known/openid-configuration" +
		" POST https://api.mobilepay.dk/t POST https://api.mobilepay.dk/t"
	if strings.Join(got, " ") != want {
		t.Errorf("got requests %q, want %q", got, want)
	}
}

// TestNoCredentialGoesToAnInternalHost serves the document of seed 000 word for
// word, whose endpoints are http on hosts that nobody allowed.
func TestNoCredentialGoesToAnInternalHost(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../provider/testdata/mobilepay-integrator-sandbox.json")
	if err != nil {
		t.Fatal(err)
	}
	idp := publishing(http.StatusOK, string(document))
	_, err = newClient(t, idp).ClientCredentials(t.Context(), parse(t, unpinned), credentials(nil), "")
	if found := classified(t, err); found.Class != oauth.ClassUnknown || !strings.Contains(err.Error(), "the document's token_endpoint is http") {
		t.Errorf("got class %s and %q", found.Class, err)
	}
	wantNoSecretSent(t, idp)
	wantNoLeak(t, err)
}

func wantNoSecretSent(t *testing.T, idp *server) {
	t.Helper()
	for _, request := range idp.sent() {
		if request.method != http.MethodGet || strings.Contains(request.url, "ext.mobilepay.dk") {
			t.Errorf("got request %s %s, want the discovery document only", request.method, request.url)
		}
		if request.body != "" || request.header.Get("Authorization") != "" {
			t.Errorf("the discovery request carries a body or Authorization")
		}
	}
}

func TestDiscoveryFailuresAreClassified(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		idp  *server
		want oauth.Class
		text string
	}{
		{"unknown client", publishing(401, clientSecret), oauth.ClassClient, "status 401"},
		{"not there", publishing(404, ""), oauth.ClassUnknown, "status 404"},
		{"failing", publishing(500, accessToken), oauth.ClassTransient, "status 500"},
		{"throttled", publishing(429, ""), oauth.ClassTransient, "status 429"},
		{"HTML", publishing(200, "<html>"+accessToken), oauth.ClassUnknown, "not JSON"},
		{"another issuer", publishing(200, `{"issuer":"https://evil.example"}`), oauth.ClassUnknown, "another issuer"},
		{"no connection", failing(io.ErrUnexpectedEOF), oauth.ClassTransient, "the connection failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, test.idp).ClientCredentials(t.Context(), parse(t, unpinned), credentials(nil), "")
			if found := classified(t, err); found.Class != test.want || !strings.Contains(err.Error(), "discovery: ") || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got class %s and %q, want %s and %q in it", found.Class, err, test.want, test.text)
			}
			wantNoSecretSent(t, test.idp)
			wantNoLeak(t, err)
		})
	}
}
