package main

import (
	"bytes"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// wire is a proxy that a browser reaches everything through. It rewrites the
// cookies that are set, and notes what it carries.
type wire struct {
	url     string
	rewrite func(cookie string) string

	mu      sync.Mutex
	posts   []post
	rewrote int
	carried map[string]string // secrets, by what they are
}

func newWire(t *testing.T, rewrite func(cookie string) string) *wire {
	t.Helper()
	w := &wire{rewrite: rewrite, carried: map[string]string{}}
	server := httptest.NewServer(&httputil.ReverseProxy{
		ErrorLog:       log.New(io.Discard, "", 0), // a browser also asks for what is not here
		Rewrite:        w.request,                  // which names where it goes (RFC 9112 section 3.2.2)
		ModifyResponse: w.response,
	})
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *wire) request(r *httputil.ProxyRequest) {
	if invite := r.In.URL.Query().Get("invite"); invite != "" {
		w.keep("invite", invite)
	}
	if r.In.Method != http.MethodPost || r.In.URL.Path != callbackPath {
		return
	}
	text, _ := io.ReadAll(r.In.Body) // what is missing, the function misses too
	r.Out.Body = io.NopCloser(bytes.NewReader(text))
	form, _ := url.ParseQuery(string(text))
	for _, name := range []string{"code", "id_token", "state", "session_state"} {
		w.keep(name, form.Get(name))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts = append(w.posts, postOf(r.In))
}

func (w *wire) response(r *http.Response) error {
	for i, cookie := range r.Header["Set-Cookie"] {
		pair, _, _ := strings.Cut(cookie, ";")
		name, value, _ := strings.Cut(pair, "=")
		w.keep(name, value)
		r.Header["Set-Cookie"][i] = w.rewrite(cookie)
		if r.Header["Set-Cookie"][i] != cookie {
			w.mu.Lock()
			w.rewrote++
			w.mu.Unlock()
		}
	}
	return nil
}

func (w *wire) keep(name, secret string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.carried[name] = secret
}

func (w *wire) secrets() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.carried)
}

// changed counts the cookies that were rewritten.
func (w *wire) changed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rewrote
}

// callback is the one that was posted.
func (w *wire) callback(t *testing.T) post {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.posts) != 1 {
		t.Fatalf("callbacks: got %d, want 1", len(w.posts))
	}
	return w.posts[0]
}
