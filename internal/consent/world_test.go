package consent_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/consent/page"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

const (
	publicURL = "https://consent.example.com"
	issuer    = "https://issuer.example/merchant"
	returnTo  = "https://shop.example/settings?tab=payments"
	reference = "REFERENCE"
)

// merchant is whose consent the tests are about.
func merchant() token.ID { return token.ID{Client: "subscriptions", Merchant: "DK12345678"} }

// fakeKeys is a key secret with versions.
type fakeKeys struct {
	mu         sync.Mutex
	versions   int // older ones that were asked for
	current    string
	err        error // of every call
	currentErr error // of looking at the current one
	takes      time.Duration
}

func (k *fakeKeys) Current(context.Context) (string, []byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	time.Sleep(k.takes)
	return k.current, []byte("the key of the tests, version " + k.current), errors.Join(k.err, k.currentErr)
}

func (k *fakeKeys) Version(_ context.Context, version string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.versions++
	if k.err != nil {
		return nil, k.err
	}
	if !strings.HasPrefix(version, "v") {
		return nil, seal.ErrUnknownKey
	}
	return []byte("the key of the tests, version " + version), nil
}

func newSealer(t testing.TB, keys seal.Keys) *seal.Sealer {
	t.Helper()
	s, err := seal.New(seal.Config{Keys: keys})
	if err != nil {
		t.Fatalf("seal.New: %v", err)
	}
	return s
}

// world is a handler with all that it touches.
type world struct {
	t        testing.TB
	handler  http.Handler
	inviter  *consent.Inviter
	provider *provider
	rows     *rows
	keys     *fakeKeys
	log      *bytes.Buffer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, rows: &rows{}, keys: &fakeKeys{current: "v1"}, log: &bytes.Buffer{},
		provider: &provider{issuer: issuer, codes: map[string]consent.Authorization{}, now: time.Now},
	}
	w.restart()
	return w
}

// restart replaces the instance by a new one, which knows nothing.
func (w *world) restart() {
	w.t.Helper()
	sealer := newSealer(w.t, w.keys)
	var err error
	w.handler, err = consent.New(consent.Config{
		PublicURL: publicURL, Clients: w.provider, Journal: w.rows, Exchanger: w.rows, Seal: sealer,
		Log:          slog.New(slog.NewJSONHandler(w.log, nil)),
		NewReference: func() string { return reference },
	})
	if err != nil {
		w.t.Fatalf("New: %v", err)
	}
	w.inviter, err = consent.NewInviter(consent.InviterConfig{PublicURL: publicURL, Seal: sealer})
	if err != nil {
		w.t.Fatalf("NewInviter: %v", err)
	}
}

// invite returns a link for the merchant, with any change.
func (w *world) invite(changes ...func(*consent.Invite)) string {
	w.t.Helper()
	i := consent.Invite{ID: merchant(), ReturnTo: returnTo, IssuedAt: time.Now(), ExpiresAt: time.Now().Add(7 * 24 * time.Hour)}
	for _, change := range changes {
		change(&i)
	}
	link, err := w.inviter.NewInvite(w.t.Context(), i)
	if err != nil {
		w.t.Fatalf("NewInvite: %v", err)
	}
	return link
}

// browser keeps cookies as a browser does.
type browser struct {
	*world
	cookies []*http.Cookie
}

func (w *world) browser() *browser { return &browser{world: w} }

// do sends a request with the browser's cookies, and keeps those that come back.
func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	recorder := httptest.NewRecorder()
	b.handler.ServeHTTP(recorder, r)
	for _, c := range recorder.Result().Cookies() {
		b.forget(c.Name)
		if c.MaxAge > 0 {
			b.cookies = append(b.cookies, c)
		}
	}
	return recorder
}

func (b *browser) forget(name string) {
	var kept []*http.Cookie
	for _, c := range b.cookies {
		if c.Name != name {
			kept = append(kept, c)
		}
	}
	b.cookies = kept
}

func (b *browser) get(target string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, target, nil))
}

// callback posts a form to the callback.
func (b *browser) callback(form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.post(form.Encode())
}

func (b *browser) post(body string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(posted(body))
}

func posted(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, publicURL+"/consent/callback", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// begin opens a fresh invite and stops at the provider.
func (b *browser) begin() {
	b.t.Helper()
	if got := b.get(b.invite()); got.Code != http.StatusSeeOther {
		b.t.Fatalf("begin: got status %d, want %d", got.Code, http.StatusSeeOther)
	}
}

// approved begins, and returns what the provider then posts.
func (b *browser) approved(code string) url.Values {
	b.t.Helper()
	b.begin()
	return b.provider.approve(code)
}

// shows checks that an answer is exactly that page, in any language, and so
// repeats nothing of the request. The way back is the invite's, and offered where
// the merchant is through.
func shows(t testing.TB, got *httptest.ResponseRecorder, status int, kind page.Kind) {
	t.Helper()
	view := page.View{Kind: kind}
	if status >= http.StatusBadRequest {
		view.Reference = reference
	}
	if kind == page.Done || kind == page.Already || kind == page.Declined {
		view.ReturnTo = returnTo
	}
	if got.Header().Get("Content-Type") == "" {
		t.Fatalf("got status %d without a page, want %d %s", got.Code, status, kind)
	}
	for _, view.Language = range page.Languages() {
		want, err := page.Render(view)
		if err != nil {
			t.Fatalf("Render: %v", err)
		}
		if got.Code == status && got.Body.String() == string(want) {
			return
		}
	}
	title, _, _ := strings.Cut(got.Body.String()[strings.Index(got.Body.String(), "<title>")+7:], "<")
	t.Errorf("got status %d and the page %q, want %d and %q", got.Code, title, status, kind)
}

// logged checks that the last line of the log says so.
func (w *world) logged(reason string) {
	w.t.Helper()
	lines := strings.Split(strings.TrimSpace(w.log.String()), "\n")
	last := lines[len(lines)-1]
	for _, want := range []string{`"reason":"` + reason + `"`, `"reference":"` + reference + `"`} {
		if !strings.Contains(last, want) {
			w.t.Errorf("the log's last line has no %s: %s", want, last)
		}
	}
}

// silent checks that the log, and everything that was answered, shows none of
// the values.
func (w *world) silent(answers string, values ...string) {
	w.t.Helper()
	for _, value := range values {
		if value != "" && strings.Contains(w.log.String(), value) {
			w.t.Errorf("the log shows a value of the request")
		}
		if value != "" && strings.Contains(answers, value) {
			w.t.Errorf("an answer repeats a value of the request")
		}
	}
}
