package statuspage_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"token-refresher/internal/statuspage"
)

// The document's script and style run by a nonce that nobody has seen before,
// and nothing else runs in it.
func TestDocumentRunsByItsNonce(t *testing.T) {
	t.Parallel()
	page := newPage(t, &board{})
	seen := map[string]bool{}
	for range 3 {
		recorder := httptest.NewRecorder()
		page.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://localhost/", nil))
		policy := recorder.Header().Get("Content-Security-Policy")
		match := regexp.MustCompile(`script-src 'nonce-([A-Z2-7]{26,})';`).FindStringSubmatch(policy)
		if match == nil {
			t.Fatalf("policy: got %s, want scripts by nonce only", policy)
		}
		nonce := match[1]
		if seen[nonce] {
			t.Errorf("nonce %s was used before", nonce)
		}
		seen[nonce] = true
		for _, directive := range []string{
			"default-src 'none';", "style-src 'nonce-" + nonce + "';", "connect-src 'self';", "img-src 'self';",
			"require-trusted-types-for 'script'", "trusted-types 'none'",
		} {
			if !strings.Contains(policy, directive) {
				t.Errorf("policy: got %s, want %s in it", policy, directive)
			}
		}
		if got := strings.Count(recorder.Body.String(), ` nonce="`+nonce+`"`); got != 2 {
			t.Errorf("the document has the nonce %d times, want at the script and at the style", got)
		}
		if got := recorder.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("Content-Type: got %q", got)
		}
	}
}

// Whatever else is opened as a page of its own may load and run nothing.
func TestFilesMayLoadNothing(t *testing.T) {
	t.Parallel()
	page := newPage(t, &board{})
	for _, path := range []string{"/page.js", "/icon.svg", "/nothing", "/events/"} {
		recorder := httptest.NewRecorder()
		page.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
		if got := recorder.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; base-uri") {
			t.Errorf("%s: got policy %q, want nothing allowed", path, got)
		}
	}
}

// The script knows words for every state.
func TestEveryStateHasWords(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	newPage(t, &board{}).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "http://localhost/tokens.js", nil))
	_, words, _ := strings.Cut(recorder.Body.String(), "const words = {")
	words, _, _ = strings.Cut(words, "\n};")
	for _, state := range []statuspage.State{
		statuspage.StateFresh, statuspage.StateDue, statuspage.StateHeld, statuspage.StateExpired, statuspage.StateMissing,
		statuspage.StateUnreadable, statuspage.StateIdle, statuspage.StateConsentRequired, statuspage.StateParked, statuspage.StateRemoved,
	} {
		if !strings.Contains(words, "\n  "+string(state)+": [") {
			t.Errorf("state %s: the script has no words for it", state)
		}
	}
}
