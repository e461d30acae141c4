package authserver_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

const (
	redirectURI = "http://127.0.0.1:8080/consent/callback"
	verifier    = "0396f08effbfdc95e803fd2d855bf8743f9f03097b6aaf6864eaa4081ed3e172"
)

// signingKey is one key for all tests: making one takes a while.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// newAuthorizeServer knows a client that merchants can be sent from.
func newAuthorizeServer(t *testing.T, config authserver.Config, change func(*authserver.Client)) *authserver.Server {
	t.Helper()
	var err error
	if config.IDTokenKey, err = signingKey(); err != nil {
		t.Fatal(err)
	}
	return newConsentServer(t, config, func(c *authserver.Client) {
		c.RedirectURIs = []string{redirectURI, "https://other.example/callback"}
		if change != nil {
			change(c)
		}
	})
}

// authorizeQuery is a good authorize request, as in the published example.
func authorizeQuery(nonce string) url.Values {
	return url.Values{
		"response_type": {"code id_token"}, "response_mode": {"form_post"}, "client_id": {consentID},
		"redirect_uri": {redirectURI}, "scope": {"openid subscriptions offline_access"}, "state": {"state of " + nonce},
		"code_challenge": {"Ge5p0wzlM_2SrxcCy9WAplP_CupB2xu2uiwFq_BBUmY"}, "code_challenge_method": {"S256"},
		"nonce": {nonce}, "merchant_vat": {merchantVAT},
	}
}

func authorizeURL(query url.Values) string {
	return authserver.DefaultURL + authserver.AuthorizePath + "?" + query.Encode()
}

// mustApprove returns what the browser would post.
func mustApprove(t *testing.T, server *authserver.Server, nonce string) url.Values {
	t.Helper()
	post, err := server.Approve(authorizeURL(authorizeQuery(nonce)))
	if err != nil || post.Values.Get("code") == "" {
		t.Fatalf("Approve: got error %v and %q, want a code", err, post.Values.Get("error"))
	}
	return post.Values
}

// codeForm is a good exchange.
func codeForm(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
		"client_id": {consentID}, "client_secret": {consentPass},
	}
}

// mustExchange returns the answer.
func mustExchange(t *testing.T, server *authserver.Server, code string) map[string]any {
	t.Helper()
	status, answer := tryRefresh(t, server, codeForm(code))
	if refreshToken, _ := answer["refresh_token"].(string); status != http.StatusOK || refreshToken == "" {
		t.Fatalf("exchange: got status %d and error %v, want a refresh token", status, answer["error"])
	}
	return answer
}

// half is c_hash and at_hash.
func half(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func TestConsentFromAuthorizeToRefresh(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{Now: at(1_700_000_000)}, func(c *authserver.Client) { c.DemandVerifier = true })
	front := mustApprove(t, server, "n1")
	code := front.Get("code")
	want := map[string]any{
		"iss": "https://api.mobilepay.dk/merchant", "aud": consentID, "nonce": "n1", "c_hash": half(code),
		"nbf": json.Number("1700000000"), "iat": json.Number("1700000000"), "exp": json.Number("1700000300"),
	}
	got := claims(t, front.Get("id_token"))
	subject := got["sub"]
	delete(got, "sub")
	if diff := cmp.Diff(want, got); diff != "" || subject == "" {
		t.Errorf("claims of the front ID token, without sub (-want +got):\n%s", diff)
	}
	verifyRS256(t, server.IDTokenKey(), front.Get("id_token"))
	for _, name := range []string{"code", "id_token", "session_state"} {
		if front.Get(name) == "" {
			t.Errorf("the form has no %s", name)
		}
		front.Del(name)
	}
	if diff := cmp.Diff(url.Values{"scope": {"openid subscriptions offline_access"}, "state": {"state of n1"}}, front); diff != "" {
		t.Errorf("the rest of the form (-want +got):\n%s", diff)
	}

	answer := mustExchange(t, server, code)
	access, _ := answer["access_token"].(string)
	back, _ := answer["id_token"].(string)
	delete(want, "c_hash")
	want["at_hash"], want["sub"] = half(access), subject
	if diff := cmp.Diff(want, claims(t, back)); diff != "" {
		t.Errorf("claims of the second ID token (-want +got):\n%s", diff)
	}
	verifyRS256(t, server.IDTokenKey(), back)
	if got := claims(t, access); got["merchant_vat"] != merchantVAT || got["merchant_id"] == nil || got["merchant_id"] == "" {
		t.Errorf("the access token is of merchant %v, %v, want %s and an id", got["merchant_vat"], got["merchant_id"], merchantVAT)
	}
	if got := answer["scope"]; got != "openid subscriptions offline_access" {
		t.Errorf("scope: got %v, want what was asked for", got)
	}
	refresh := refreshForm(answer["refresh_token"].(string))
	refresh.Set("code_verifier", verifier)
	if status, answer := tryRefresh(t, server, refresh); status != http.StatusOK || answer["scope"] != "openid subscriptions offline_access" {
		t.Errorf("refresh: got status %d and scope %v, want 200 and the same scope", status, answer["scope"])
	}
}

func TestCodeRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(url.Values)
		after  time.Duration
		// spent: the code is, too.
		spent bool
		want  authserver.Counters
	}{
		{name: "another code", change: func(f url.Values) { f.Set("code", "x") }, want: authserver.Counters{UnknownCodes: 1}},
		{name: "another client", change: func(f url.Values) { f.Set("client_id", otherConsent) }, want: authserver.Counters{UnknownCodes: 1}},
		{name: "wrong verifier", change: func(f url.Values) { f.Set("code_verifier", "x") }, spent: true, want: authserver.Counters{BadCodes: 1}},
		{name: "no verifier", change: func(f url.Values) { f.Del("code_verifier") }, spent: true, want: authserver.Counters{BadCodes: 1}},
		{name: "the client's other redirect_uri", change: func(f url.Values) { f.Set("redirect_uri", "https://other.example/callback") }, spent: true, want: authserver.Counters{BadCodes: 1}},
		{name: "no redirect_uri", change: func(f url.Values) { f.Del("redirect_uri") }, spent: true, want: authserver.Counters{BadCodes: 1}},
		{name: "after 5 minutes", change: func(url.Values) {}, after: 5 * time.Minute, spent: true, want: authserver.Counters{BadCodes: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			server := newAuthorizeServer(t, authserver.Config{Now: func() time.Time { return now }}, nil)
			code := mustApprove(t, server, "n1").Get("code")
			now = now.Add(test.after)
			form := codeForm(code)
			test.change(form)
			wantRefused(t, server, form, "the exchange")
			if got := server.Counters(); got != test.want {
				t.Errorf("counters: got %+v, want %+v", got, test.want)
			}
			if !test.spent {
				mustExchange(t, server, code)
				return
			}
			wantRefused(t, server, codeForm(code), "a good exchange after that")
			if got := len(server.Consents()) + len(server.Issued()); got != 0 {
				t.Errorf("consents and tokens: got %d, want none", got)
			}
		})
	}
}

func TestCodeLivesForFiveMinutes(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	server := newAuthorizeServer(t, authserver.Config{Now: func() time.Time { return now }}, nil)
	code := mustApprove(t, server, "n1").Get("code")
	now = now.Add(5*time.Minute - time.Second)
	mustExchange(t, server, code)
}

func TestRepeatedExchangeKillsWhatItGave(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(url.Values)
		kills  bool
	}{
		{"the same", func(url.Values) {}, true},
		{"with a wrong verifier", func(f url.Values) { f.Set("code_verifier", "x") }, true},
		{"by another client", func(f url.Values) { f.Set("client_id", otherConsent) }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := newAuthorizeServer(t, authserver.Config{}, nil)
			code := mustApprove(t, server, "n1").Get("code")
			first := mustExchange(t, server, code)["refresh_token"].(string)
			newest := mustRefresh(t, server, first)
			form := codeForm(code)
			test.change(form)
			wantRefused(t, server, form, "again")
			state := server.Consents()[0]
			if !test.kills {
				mustRefresh(t, server, newest)
				return
			}
			if state.Ended != authserver.EndedByReplay || server.Counters().Replays != 1 {
				t.Errorf("got ended %q, %d replays, want by the replay", state.Ended, server.Counters().Replays)
			}
			wantRefused(t, server, refreshForm(newest), "what it gave")
		})
	}
}

func TestExchangeEndsTheOlderConsent(t *testing.T) {
	t.Parallel()
	for _, use := range []authserver.RefreshUse{authserver.OneTime, authserver.ReUse} {
		server := newAuthorizeServer(t, authserver.Config{}, func(c *authserver.Client) { c.RefreshTokens = use })
		older := mustGrant(t, server).RefreshToken.Reveal()
		code := mustApprove(t, server, "n1").Get("code")
		older = mustRefresh(t, server, older) // a code alone ends nothing
		newer := mustExchange(t, server, code)["refresh_token"].(string)
		if use == authserver.OneTime {
			wantRefused(t, server, refreshForm(older), "the older consent's")
		} else {
			mustRefresh(t, server, older)
		}
		mustRefresh(t, server, newer)
	}
}

func TestCodesAreCounted(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{Now: at(1_700_000_000)}, nil)
	first, second := mustApprove(t, server, "n1").Get("code"), mustApprove(t, server, "n2").Get("code")
	if err := server.SetFault(authserver.Fault{Kind: authserver.HTML500, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if status, _, err := request(t.Context(), server, authserver.MerchantTokenPath, codeForm(second)); err != nil || status != http.StatusInternalServerError {
		t.Fatalf("got status %d, error %v, want the fault", status, err)
	}
	mustExchange(t, server, second)
	issued := time.Unix(1_700_000_000, 0)
	want := []authserver.Code{
		{Client: consentID, Merchant: merchantVAT, Value: token.NewSecret(first), Issued: issued, Expires: issued.Add(5 * time.Minute)},
		{Client: consentID, Merchant: merchantVAT, Value: token.NewSecret(second), Issued: issued, Expires: issued.Add(5 * time.Minute), Presented: 2, Exchanged: true},
	}
	if diff := cmp.Diff(want, server.Codes(), cmp.Comparer(token.Secret.Equal)); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	found := 0
	for _, secret := range server.Secrets() {
		if value := secret.Reveal(); value == first || value == second || value == verifier {
			found++
		}
	}
	if found != 3 {
		t.Errorf("Secrets: got %d of both codes and the verifier, want 3", found)
	}
}
