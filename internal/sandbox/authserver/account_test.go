package authserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

func TestMerchantSaysYes(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, func(c *authserver.Client) { c.Name = `Fjord & "Søn" <script>` })
	b := newBrowser(t, server)
	s := b.login(authorizeQuery("n1"))
	for _, want := range []string{"Fjord &amp; &#34;Søn&#34; &lt;script&gt;", merchantVAT, "Manage your subscriptions", "127.0.0.1:8080"} {
		if !strings.Contains(s.body, want) {
			t.Errorf("the consent page does not say %q", want)
		}
	}
	if strings.Contains(s.body, "Manage your invoices") {
		t.Error("the consent page names a scope that was not asked for")
	}
	s = b.reply(s, "yes")
	code := s.fields.Get("code")
	if s.status != http.StatusOK || code == "" || s.fields.Get("id_token") == "" || s.fields.Get("state") != "state of n1" {
		t.Fatalf("got status %d and error %q, want a form with code, id_token and state", s.status, s.fields.Get("error"))
	}
	if want := `<form method="post" action="` + redirectURI + `">`; !strings.Contains(s.body, want) {
		t.Errorf("the form does not go to %s", redirectURI)
	}
	if got, want := s.header.Get("Content-Security-Policy"), "form-action http://127.0.0.1:8080;"; !strings.Contains(got, want) {
		t.Errorf("content security policy: got %q, want one with %q", got, want)
	}
	mustExchange(t, server, code)
}

func TestMerchantSaysNo(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	b := newBrowser(t, server)
	s := b.reply(b.login(authorizeQuery("n1")), "no")
	if diff := cmp.Diff(url.Values{"error": {"access_denied"}, "state": {"state of n1"}}, s.fields); diff != "" {
		t.Errorf("the form (-want +got):\n%s", diff)
	}
	if got := len(server.Codes()); got != 0 {
		t.Errorf("codes: got %d, want none", got)
	}
}

func TestFirstAnswerCounts(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	b := newBrowser(t, server)
	asked := b.login(authorizeQuery("n1"))
	first := b.reply(asked, "yes").fields
	for _, reply := range []string{"yes", "no"} {
		if same := cmp.Equal(first, b.reply(asked, reply).fields); !same {
			t.Errorf("%s after the first yes: another form came", reply)
		}
	}
	if got := len(server.Codes()); got != 1 {
		t.Errorf("codes: got %d, want 1", got)
	}
}

func TestLoggedInMerchantIsAskedAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	server := newAuthorizeServer(t, authserver.Config{Now: func() time.Time { return now }}, nil)
	b := newBrowser(t, server)
	b.login(authorizeQuery("n1"))
	now = now.Add(time.Hour - time.Second)
	if s := b.get(authorizeURL(authorizeQuery("n2"))); s.path != authserver.ConsentPath {
		t.Errorf("within an hour: got %s, want the consent page", s.path)
	}
	now = now.Add(time.Second)
	if s := b.get(authorizeURL(authorizeQuery("n3"))); s.path != authserver.LoginPath {
		t.Errorf("an hour later: got %s, want the login page", s.path)
	}
}

func TestOneVaguePage(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	server := newAuthorizeServer(t, authserver.Config{Now: func() time.Time { return now }}, nil)
	b := newBrowser(t, server)
	asked := b.login(authorizeQuery("n1"))
	untrusted := authorizeQuery("n2")
	untrusted.Set("redirect_uri", "https://stranger.example/")
	seen := map[string]sheet{
		"untrusted":            b.get(authorizeURL(untrusted)),
		"broken query":         b.get(authserver.DefaultURL + authserver.AuthorizePath + "?%zz"),
		"unknown visit":        b.get(authserver.DefaultURL + authserver.ConsentPath + "?request=x"),
		"unknown login":        b.get(authserver.DefaultURL + authserver.LoginPath + "?request=x"),
		"unknown return":       b.get(authserver.DefaultURL + authserver.AuthorizePath + "/callback?request=x"),
		"login without visit":  b.post(authserver.LoginPath, url.Values{"username": {"x"}, "password": {"x"}}),
		"neither yes nor no":   b.reply(asked, "maybe"),
		"answer without visit": b.reply(sheet{}, "yes"),
		"huge body":            b.post(authserver.ConsentPath, url.Values{"request": asked.fields["request"], "answer": {"yes"}, "padding": {strings.Repeat("x", 64<<10)}}),
	}
	now = now.Add(10 * time.Minute)
	seen["after 10 minutes"] = b.reply(asked, "yes")
	for name, s := range seen {
		if s.status != http.StatusBadRequest || !strings.Contains(s.body, "This does not work") || len(s.fields) != 0 {
			t.Errorf("%s: got status %d and %d hidden fields, want 400, the vague page and none", name, s.status, len(s.fields))
		}
		if strings.Contains(s.body, "stranger") {
			t.Errorf("%s: the page repeats what was in the request", name)
		}
	}
	if got := len(server.Codes()); got != 0 {
		t.Errorf("codes: got %d, want none", got)
	}
}

func TestPagesOfAVisitNeedALogin(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	asked := newBrowser(t, server).login(authorizeQuery("n1"))
	address := authserver.DefaultURL + authserver.ConsentPath + "?" + asked.fields.Encode()
	stranger := newBrowser(t, server)
	for name, s := range map[string]sheet{"page": stranger.get(address), "answer": stranger.reply(asked, "yes")} {
		if s.path != authserver.LoginPath {
			t.Errorf("%s: got %s, want the login page", name, s.path)
		}
	}
	if got := len(server.Codes()); got != 0 {
		t.Errorf("codes: got %d, want none", got)
	}
	for _, missing := range []string{"username", "password"} {
		form := url.Values{"request": asked.fields["request"], "username": {"x@example.com"}, "password": {"x"}}
		form.Del(missing)
		if s := stranger.post(authserver.LoginPath, form); s.status != http.StatusBadRequest || !strings.Contains(s.body, "role=\"alert\"") {
			t.Errorf("without a %s: got status %d, want 400 and the login page", missing, s.status)
		}
	}
}

func TestAnswerIsNotForStrangers(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	b := newBrowser(t, server)
	asked := b.login(authorizeQuery("n1"))
	b.reply(asked, "yes")
	address := authserver.DefaultURL + authserver.AuthorizePath + "/callback?" + asked.fields.Encode()
	if s := newBrowser(t, server).get(address); s.status != http.StatusBadRequest || len(s.fields) != 0 {
		t.Errorf("another browser: got status %d and %d fields, want 400 and none", s.status, len(s.fields))
	}
	if s := b.get(address); s.fields.Get("code") != server.Codes()[0].Value.Reveal() {
		t.Error("the merchant's own, reloaded: got another form")
	}
}

func TestReturnBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, newAuthorizeServer(t, authserver.Config{}, nil))
	asked := b.login(authorizeQuery("n1"))
	s := b.get(authserver.DefaultURL + authserver.AuthorizePath + "/callback?" + asked.fields.Encode())
	if s.path != authserver.ConsentPath {
		t.Errorf("got %s, want the consent page", s.path)
	}
}

// TestOtherSitesChangeNothing posts as a page of another site would.
func TestOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	server := newAuthorizeServer(t, authserver.Config{}, nil)
	b := newBrowser(t, server)
	asked := b.login(authorizeQuery("n1"))
	asked.fields.Set("answer", "yes")
	for _, path := range []string{authserver.ConsentPath, authserver.LoginPath, authserver.KeysPath, authserver.ApprovePath} {
		request := post(t.Context(), authserver.DefaultURL+path, asked.fields.Encode())
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		if s := b.do(request); s.status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", path, s.status)
		}
	}
	if got := len(server.Codes()); got != 0 {
		t.Errorf("codes: got %d, want none", got)
	}
}

func TestPageHeaders(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, newAuthorizeServer(t, authserver.Config{}, nil))
	s := b.login(authorizeQuery("n1"))
	want := map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
	for name, value := range want {
		if got := s.header.Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	cookies := b.client.Jar.Cookies(&url.URL{Scheme: "http", Host: "localhost:9400", Path: authserver.LoginPath})
	if len(cookies) != 1 || len(cookies[0].Value) < 32 {
		t.Errorf("got %d cookies, want one that nobody guesses", len(cookies))
	}
	for asset, contentType := range map[string]string{"style.css": "text/css", "form_post.js": "text/javascript"} {
		s := b.get(authserver.DefaultURL + "/account/assets/" + asset)
		if s.status != http.StatusOK || !strings.HasPrefix(s.header.Get("Content-Type"), contentType) {
			t.Errorf("%s: got status %d and type %q, want 200 and %s", asset, s.status, s.header.Get("Content-Type"), contentType)
		}
	}
}

// TestRandomnessThatEndsOnThePages spends all of it on the way.
func TestRandomnessThatEndsOnThePages(t *testing.T) {
	t.Parallel()
	for _, bytes := range []int{32, 48, 64} { // the signing key, and one id for each page
		server, err := authserver.New(authserver.Config{Rand: strings.NewReader(strings.Repeat("k", bytes)), Clients: []authserver.Client{{
			ID: consentID, Secret: token.NewSecret(consentPass), RedirectURIs: []string{redirectURI},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t, server)
		s := b.get(authorizeURL(authorizeQuery("n1")))
		if s.status == http.StatusOK {
			s.fields.Set("username", "x")
			s.fields.Set("password", "x")
			s = b.post(authserver.LoginPath, s.fields)
		}
		if s.status == http.StatusOK {
			s = b.reply(s, "yes")
		}
		if s.status != http.StatusInternalServerError || len(server.Codes()) != 0 {
			t.Errorf("%d bytes: got status %d and %d codes, want 500 and none", bytes, s.status, len(server.Codes()))
		}
	}
}
