package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"token-refresher/internal/consent/page"
)

// testCookie: the provider's post comes from another site, and the attempt's
// cookie comes along with it.
func (s *site) testCookie(t *testing.T) {
	w := newWire(t, func(cookie string) string { return cookie })
	id := s.newcomer()
	b := s.visitor(t, w.url)
	b.open(s.link(t, id, 0))
	b.consents()
	b.awaitPage(donePath, page.Done)
	s.checkCodes(t, id, 1)
	s.accessToken(t, id)
	if got := w.callback(t); got != (post{site: "cross-site", cookies: 1}) {
		t.Errorf("the post: got %+v, want one cookie across sites", got)
	}
	s.checkLogs(t, w)
}

// testLaxCookie proves what SameSite=None is for: with any other value the same
// browser leaves the cookie at home, and nobody's consent ever arrives.
func (s *site) testLaxCookie(t *testing.T) {
	for _, value := range []string{"Lax", "Strict"} {
		w := newWire(t, func(cookie string) string { return strings.Replace(cookie, "SameSite=None", "SameSite="+value, 1) })
		b := s.visitor(t, w.url)
		b.open(s.link(t, s.newcomer(), 0))
		b.consents()
		b.awaitPage(callbackPath, page.Wrong)
		if got := w.callback(t); got != (post{site: "cross-site"}) || w.changed() != 1 {
			t.Errorf("%s: the post: got %+v after %d changed cookies, want none across sites", value, got, w.changed())
		}
		s.checkLogs(t, w)
	}
}

// testManyAttempts opens the link again and again: the browser keeps the newest
// attempts, and they fit into what an API takes of headers.
func (s *site) testManyAttempts(t *testing.T) {
	const kept = 4
	w := newWire(t, func(cookie string) string { return cookie })
	id := s.newcomer()
	b, link := s.visitor(t, w.url), s.link(t, id, 0)
	for range kept + 2 {
		b.open(link)
	}
	b.consents()
	b.awaitPage(donePath, page.Done)
	if got := w.callback(t); got != (post{site: "cross-site", cookies: kept}) {
		t.Errorf("the post: got %+v, want %d cookies across sites", got, kept)
	}
	s.accessToken(t, id)
}

// checkLogs searches what the sandbox and its functions have written for what
// went over the wire.
func (s *site) checkLogs(t *testing.T, w *wire) {
	t.Helper()
	logs := ""
	for _, name := range []string{sandboxLogFile, functionLogFile} {
		text, err := os.ReadFile(filepath.Join(s.state, name))
		if err != nil {
			t.Fatal(err)
		}
		logs += string(text)
	}
	secrets := w.secrets()
	if !strings.Contains(logs, "consent request") || len(secrets) < 6 {
		t.Errorf("nothing to search: %d bytes of logs for %d secrets", len(logs), len(secrets))
	}
	for name, secret := range secrets {
		if strings.Contains(logs, secret) {
			t.Errorf("%s stands in a log", name)
		}
	}
}

// post is a callback as the browser sends it.
type post struct {
	site    string // Sec-Fetch-Site
	cookies int    // of attempts
}

func postOf(r *http.Request) post {
	return post{
		site: r.Header.Get("Sec-Fetch-Site"), cookies: strings.Count(r.Header.Get("Cookie"), "__Host-consent-"),
	}
}
