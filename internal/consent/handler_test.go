package consent_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"token-refresher/internal/consent"
	"token-refresher/internal/consent/page"
)

func TestNewReportsAllFaults(t *testing.T) {
	t.Parallel()
	_, err := consent.New(consent.Config{PublicURL: "http://shop.example"})
	if err == nil || !strings.Contains(err.Error(), "https") || !strings.Contains(err.Error(), "Journal") {
		t.Errorf("got %v, want the public URL and what is missing", err)
	}
}

// Cookies are for a whole host, so only an origin will do.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url string
		ok  bool
	}{
		{"https://consent.example.com", true},
		{"https://consent.example.com:8443", true},
		{"http://127.0.0.1:8080", true},
		{"http://localhost:8080", true},
		{"", false},
		{"consent.example.com", false},
		{"http://consent.example.com", false},
		{"https://consent.example.com/", false},
		{"https://consent.example.com/prod", false},
		{"https://consent.example.com?x=1", false},
		{"https://consent.example.com#x", false},
		{"https://user@consent.example.com", false},
		{"https://", false},
	} {
		_, err := consent.NewInviter(consent.InviterConfig{PublicURL: tt.url, Seal: newSealer(t, &fakeKeys{})})
		if (err == nil) != tt.ok {
			t.Errorf("%q: got error %v, want one: %t", tt.url, err, !tt.ok)
		}
	}
}

// Every answer tells the browser to keep nothing, load nothing, tell nobody
// where it was, and not to be framed.
func TestHeaders(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	answers := map[string]*httptest.ResponseRecorder{
		"begin":     b.get(b.invite()),
		"done":      b.callback(b.provider.approve("code-1")),
		"last page": b.get(publicURL + "/consent/done"),
		"refused":   b.post("state=x"),
		"not found": b.get(publicURL + "/"),
		"method":    b.get(publicURL + "/consent/callback"),
	}
	for name, got := range answers {
		for header, want := range map[string]string{
			"Content-Security-Policy":   page.ContentSecurityPolicy(),
			"Cache-Control":             "no-store",
			"Referrer-Policy":           "no-referrer",
			"X-Content-Type-Options":    "nosniff",
			"X-Frame-Options":           "DENY",
			"Strict-Transport-Security": "max-age=31536000",
		} {
			if values := got.Header().Values(header); len(values) != 1 || values[0] != want {
				t.Errorf("%s: got %s %q, want %q", name, header, values, want)
			}
		}
		if redirects := got.Code == http.StatusSeeOther; redirects == (got.Header().Get("Content-Type") == "text/html; charset=utf-8") {
			t.Errorf("%s: got status %d and content type %q", name, got.Code, got.Header().Get("Content-Type"))
		}
	}
}

// Over plain http on loopback no browser is told to use https from now on.
func TestNoStrictTransportOnLoopback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handler, err := consent.New(consent.Config{
		PublicURL: "http://127.0.0.1:8080", Clients: w.provider, Journal: w.rows, Exchanger: w.rows,
		Seal: newSealer(t, w.keys), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/consent/done", nil))
	if got := recorder.Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("got Strict-Transport-Security %q, want none", got)
	}
}

func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		kind         page.Kind
		allow        string
	}{
		{http.MethodPost, "/consent", http.StatusMethodNotAllowed, page.Wrong, "GET, HEAD"},
		{http.MethodDelete, "/consent/done", http.StatusMethodNotAllowed, page.Wrong, "GET, HEAD"},
		{http.MethodGet, "/consent/callback", http.StatusMethodNotAllowed, page.Wrong, "POST"},
		{http.MethodHead, "/consent/callback", http.StatusMethodNotAllowed, "", "POST"},
		{http.MethodOptions, "/consent/callback", http.StatusMethodNotAllowed, page.Wrong, "POST"},
		{http.MethodGet, "/", http.StatusNotFound, page.NotFound, ""},
		{http.MethodGet, "/consent/", http.StatusNotFound, page.NotFound, ""},
		{http.MethodGet, "/consent//done", http.StatusNotFound, page.NotFound, ""},
		{http.MethodGet, "/Consent", http.StatusNotFound, page.NotFound, ""},
		{http.MethodGet, "/x/../consent", http.StatusNotFound, page.NotFound, ""},
		{http.MethodPost, "/consent/callback/x", http.StatusNotFound, page.NotFound, ""},
		{http.MethodGet, "/zsecret", http.StatusNotFound, page.NotFound, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			b := newWorld(t).browser()
			got := b.do(httptest.NewRequest(tt.method, publicURL+tt.path, nil))
			if allow := got.Header().Get("Allow"); got.Code != tt.status || allow != tt.allow {
				t.Errorf("got status %d, Allow %q, want %d, %q", got.Code, allow, tt.status, tt.allow)
			}
			if tt.kind != "" {
				shows(t, got, tt.status, tt.kind)
			}
			b.silent("", "zsecret")
		})
	}
}

// The language is the browser's, or else the merchant's, once that is known.
func TestLanguages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, accept, want string }{
		{"the browser's", "fi-FI,fi;q=0.9,en;q=0.5", "fi"},
		{"none: the merchant's", "", "da"},
		{"one that there is not: the merchant's", "de", "da"},
	} {
		b := newWorld(t).browser()
		b.callback(b.approved("code-1"))
		r := httptest.NewRequest(http.MethodGet, publicURL+"/consent/done", nil)
		r.Header.Set("Accept-Language", tt.accept)
		if got := b.do(r); !strings.Contains(got.Body.String(), `<html lang="`+tt.want+`">`) {
			t.Errorf("%s: the page is not in %s", tt.name, tt.want)
		}
	}
}

// A merchant reads the reference out to support, who finds one line with it.
func TestReference(t *testing.T) {
	t.Parallel()
	w, log := newWorld(t), &bytes.Buffer{}
	handler, err := consent.New(consent.Config{
		PublicURL: publicURL, Clients: w.provider, Journal: w.rows, Exchanger: w.rows,
		Seal: newSealer(t, w.keys), Log: slog.New(slog.NewJSONHandler(log, nil)),
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	seen := map[string]bool{}
	for range 3 {
		log.Reset()
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/consent?invite=x", nil))
		shown := regexp.MustCompile(`<strong translate="no">([A-Z2-7]{10})</strong>`).FindStringSubmatch(recorder.Body.String())
		if shown == nil || seen[shown[1]] {
			t.Fatalf("got the reference %q, want a new one", shown)
		}
		seen[shown[1]] = true
		if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), `"reference":"`+shown[1]+`"`) {
			t.Errorf("got %d log lines, want one with the reference", lines)
		}
	}
}

// A page that cannot be made is an empty answer, not half a page.
func TestReferenceOfTheWrongShape(t *testing.T) {
	t.Parallel()
	w, log := newWorld(t), &bytes.Buffer{}
	handler, err := consent.New(consent.Config{
		PublicURL: publicURL, Clients: w.provider, Journal: w.rows, Exchanger: w.rows,
		Seal: newSealer(t, w.keys), Log: slog.New(slog.NewJSONHandler(log, nil)),
		NewReference: func() string { return "<b>" },
	})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/consent", nil))
	if recorder.Code != http.StatusInternalServerError || recorder.Body.Len() != 0 {
		t.Errorf("got status %d and %d bytes, want 500 and none", recorder.Code, recorder.Body.Len())
	}
	if !strings.Contains(log.String(), `"level":"WARN"`) || !strings.Contains(log.String(), `"error"`) {
		t.Errorf("the log does not say why: %s", log)
	}
}
