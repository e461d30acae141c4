package authserver_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// lives is a server that is closed and opened again on the same file.
type lives struct {
	t      *testing.T
	config authserver.Config
	*authserver.Server
}

func newLives(t *testing.T) *lives {
	t.Helper()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	l := &lives{t: t, config: authserver.Config{
		Path: filepath.Join(t.TempDir(), "state.db"), Now: at(1_700_000_000), IDTokenKey: key,
		Clients: []authserver.Client{{ID: consentID, Secret: token.NewSecret(consentPass), RedirectURIs: []string{redirectURI}}},
	}}
	l.open()
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func (l *lives) open() {
	l.t.Helper()
	var err error
	if l.Server, err = authserver.New(l.config); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lives) restart() {
	l.t.Helper()
	if err := l.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.open()
}

func TestCodesOutliveTheServer(t *testing.T) {
	t.Parallel()
	l := newLives(t)
	code := mustApprove(t, l.Server, "n1").Get("code")
	before := l.Codes()
	l.restart()
	if diff := cmp.Diff(before, l.Codes(), cmp.Comparer(token.Secret.Equal)); diff != "" {
		t.Errorf("codes (-before +after):\n%s", diff)
	}
	post, err := l.Approve(authorizeURL(authorizeQuery("n1")))
	if err != nil || post.Values.Get("error") != "invalid_request" {
		t.Errorf("a nonce of before: got error %v and %q, want invalid_request", err, post.Values.Get("error"))
	}

	answer := mustExchange(t, l.Server, code)
	l.restart()
	if status, answer := tryRefresh(t, l.Server, refreshForm(answer["refresh_token"].(string))); answer["scope"] != "openid subscriptions offline_access" {
		t.Errorf("refresh: got status %d and scope %v, want that of before", status, answer["scope"])
	}
	wantRefused(t, l.Server, codeForm(code), "the exchange of before")
	l.restart()
	if got := l.Consents()[0].Ended; got != authserver.EndedByReplay {
		t.Errorf("ended: got %q, want by the replay", got)
	}

	bad := mustApprove(t, l.Server, "n2").Get("code")
	form := codeForm(bad)
	form.Set("code_verifier", "x")
	wantRefused(t, l.Server, form, "a wrong verifier")
	l.restart()
	wantRefused(t, l.Server, codeForm(bad), "the code that it used up")
}

// What cannot be stored does not happen.
func TestDiskThatFailsAConsent(t *testing.T) {
	t.Parallel()
	l := newLives(t)
	code := mustApprove(t, l.Server, "n1").Get("code")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(authorizeURL(authorizeQuery("n2"))); err == nil {
		t.Error("Approve: got no error")
	}
	if err := l.RotateKeys(); err == nil {
		t.Error("RotateKeys: got no error")
	}
	if status, _, err := request(t.Context(), l.Server, authserver.MerchantTokenPath, codeForm(code)); err != nil || status != http.StatusInternalServerError {
		t.Errorf("exchange: got status %d, error %v, want 500", status, err)
	}
	if s := newBrowser(t, l.Server).get(authorizeURL(authorizeQuery("n3"))); s.status != http.StatusInternalServerError {
		t.Errorf("authorize: got status %d, want 500", s.status)
	}
	if len(l.Consents()) != 0 || len(l.Issued()) != 0 || len(l.Codes()) != 1 || len(publishedKeys(t, l.Server)) != 1 {
		t.Errorf("got %d consents, %d tokens, %d codes, want only the one code", len(l.Consents()), len(l.Issued()), len(l.Codes()))
	}
	l.open()
	mustExchange(t, l.Server, code)
}
