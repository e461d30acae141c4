package main

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"token-refresher/internal/consent/page"
)

// testCookie: the provider's post comes from another site, and the attempt's
// cookie comes along with it.
func (s *site) testCookie(t *testing.T) {
	wire := s.newWire(t, func(cookie string) string { return cookie })
	id := s.newcomer()
	b := s.visitor(t, wire.url)
	b.open(s.link(t, id, 0))
	b.consents()
	b.awaitPage(donePath, page.Done)
	s.checkCodes(t, id, 1)
	s.checkToken(t, id)
	if got := wire.last(t); got != (post{site: "cross-site", cookies: 1}) {
		t.Errorf("the post: got %+v, want one cookie across sites", got)
	}
}

// testLaxCookie proves what SameSite=None is for: with any other value the same
// browser leaves the cookie at home, and nobody's consent ever arrives.
func (s *site) testLaxCookie(t *testing.T) {
	for _, value := range []string{"Lax", "Strict"} {
		wire := s.newWire(t, func(cookie string) string { return strings.Replace(cookie, "SameSite=None", "SameSite="+value, 1) })
		id := s.newcomer()
		b := s.visitor(t, wire.url)
		b.open(s.link(t, id, 0))
		b.consents()
		b.awaitPage(callbackPath, page.Wrong)
		if got := wire.last(t); got != (post{site: "cross-site"}) || wire.changed() != 1 {
			t.Errorf("%s: the post: got %+v after %d changed cookies, want none across sites", value, got, wire.changed())
		}
	}
}

// post is a callback as the browser sends it.
type post struct {
	site    string // Sec-Fetch-Site
	cookies int    // of attempts
}

// wire is a proxy that a browser reaches everything through.
type wire struct {
	url string

	mu      sync.Mutex
	posts   []post
	rewrote int
}

// newWire runs a proxy that rewrites the cookies that are set. What it carries
// must stand in no log.
func (s *site) newWire(t *testing.T, rewrite func(cookie string) string) *wire {
	t.Helper()
	w := &wire{}
	server := httptest.NewServer(&httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), // a browser also asks for what is not here
		// A request to a proxy names where it goes (RFC 9112 section 3.2.2).
		Rewrite: func(r *httputil.ProxyRequest) {
			if r.In.Method == http.MethodPost && r.In.URL.Path == callbackPath {
				w.note(r.In)
				r.Out.Body = s.keepForm(r.In.Body)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			for i, cookie := range r.Header["Set-Cookie"] {
				_, value, _ := strings.Cut(strings.Split(cookie, ";")[0], "=")
				s.keep(value)
				r.Header["Set-Cookie"][i] = w.rewrite(cookie, rewrite)
			}
			return nil
		},
	})
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// keepForm reads a form, and gives its body back.
func (s *site) keepForm(body io.Reader) io.ReadCloser {
	text, _ := io.ReadAll(body) // what is missing, the function misses too
	form, _ := url.ParseQuery(string(text))
	for _, name := range []string{"code", "id_token", "state", "session_state"} {
		if value := form.Get(name); value != "" {
			s.keep(value)
		}
	}
	return io.NopCloser(bytes.NewReader(text))
}

func (w *wire) note(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts = append(w.posts, post{
		site: r.Header.Get("Sec-Fetch-Site"), cookies: strings.Count(r.Header.Get("Cookie"), "__Host-consent-"),
	})
}

func (w *wire) rewrite(cookie string, rewrite func(string) string) string {
	rewritten := rewrite(cookie)
	w.mu.Lock()
	defer w.mu.Unlock()
	if rewritten != cookie {
		w.rewrote++
	}
	return rewritten
}

func (w *wire) changed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rewrote
}

// last is the one callback that was posted.
func (w *wire) last(t *testing.T) post {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.posts) != 1 {
		t.Fatalf("callbacks: got %d, want 1", len(w.posts))
	}
	return w.posts[0]
}
