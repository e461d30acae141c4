package statuspage_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/statuspage"
)

// board is a Source and a Switch that remembers what it was told.
type board struct {
	mu   sync.Mutex
	view statuspage.View
	err  error
	on   map[string]bool
}

func (b *board) View(context.Context) (statuspage.View, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.view, b.err
}

func (b *board) SetFault(_ context.Context, name string, on bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if name != "503" {
		return errors.New("unknown fault")
	}
	b.on[name] = on
	return nil
}

func (b *board) set(view statuspage.View, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.view, b.err = view, err
}

func newPage(t *testing.T, b *board) http.Handler {
	t.Helper()
	page, err := statuspage.New(statuspage.Config{Source: b, Switch: b})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return page
}

func TestNewNeedsASource(t *testing.T) {
	t.Parallel()
	if _, err := statuspage.New(statuspage.Config{}); err == nil {
		t.Error("New without a source: got no error")
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	change := `{"name":"503","on":true}`
	tests := []struct {
		name, method, path, host, origin, site, body string
		want                                         int
	}{
		{name: "page", path: "/", want: 200},
		{name: "page by number", path: "/", host: "127.0.0.1:8080", want: 200},
		{name: "page by IPv6 number", path: "/", host: "[::1]:8080", want: 200},
		{name: "page without port", path: "/", host: "localhost", want: 200},
		{name: "script", path: "/page.js", want: 200},
		{name: "style", path: "/style.css", want: 200},
		{name: "unknown file", path: "/other", want: 404},
		{name: "rebound name", path: "/", host: "evil.example:8080", want: 421},
		{name: "rebound name, events", path: "/events", host: "evil.example", want: 421},
		{name: "name that begins like ours", path: "/", host: "localhost.evil.example", want: 421},
		{name: "number that begins like ours", path: "/", host: "127.0.0.1.evil.example", want: 421},
		{name: "no host", path: "/", host: "-", want: 421},
		{name: "unclosed bracket", path: "/", host: "[::10", want: 421},
		{name: "lone bracket", path: "/", host: "[", want: 421},
		{name: "change from the page", method: "POST", path: "/faults", origin: "http://localhost:8080", site: "same-origin", body: change, want: 204},
		{name: "change from a terminal", method: "POST", path: "/faults", body: change, want: 204},
		{name: "change from another site", method: "POST", path: "/faults", origin: "http://evil.example", site: "cross-site", body: change, want: 403},
		{name: "change from another port", method: "POST", path: "/faults", site: "same-site", body: change, want: 403},
		{name: "change from another origin, old browser", method: "POST", path: "/faults", origin: "http://localhost:9400", body: change, want: 403},
		{name: "change by a rebound name", method: "POST", path: "/faults", host: "evil.example", body: change, want: 421},
		{name: "change by GET", path: "/faults", want: 404},
		{name: "unknown fault", method: "POST", path: "/faults", body: `{"name":"fire","on":true}`, want: 422},
		{name: "no fault", method: "POST", path: "/faults", body: `{"on":true}`, want: 400},
		{name: "unknown field", method: "POST", path: "/faults", body: `{"name":"503","onn":true}`, want: 400},
		{name: "not JSON", method: "POST", path: "/faults", body: `name=503`, want: 400},
		{name: "endless", method: "POST", path: "/faults", body: `{"name":"` + strings.Repeat("x", 5000) + `"}`, want: 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := &board{on: map[string]bool{}}
			method := test.method
			if method == "" {
				method = http.MethodGet
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second) // a stream that is let through ends
			defer cancel()
			request := httptest.NewRequest(method, test.path, strings.NewReader(test.body)).WithContext(ctx)
			switch test.host {
			case "":
				request.Host = "localhost:8080"
			case "-":
				request.Host = ""
			default:
				request.Host = test.host
			}
			for header, value := range map[string]string{"Origin": test.origin, "Sec-Fetch-Site": test.site} {
				if value != "" {
					request.Header.Set(header, value)
				}
			}
			recorder := httptest.NewRecorder()
			newPage(t, b).ServeHTTP(recorder, request)
			if recorder.Code != test.want {
				t.Errorf("status: got %d, want %d (%s)", recorder.Code, test.want, recorder.Body)
			}
			if got, want := b.on["503"], test.want == http.StatusNoContent; got != want {
				t.Errorf("fault switched: got %v, want %v", got, want)
			}
			checkHeaders(t, recorder.Header())
			if got := recorder.Header().Get("Cache-Control"); recorder.Code == http.StatusOK && got != "no-store" {
				t.Errorf("Cache-Control: got %q, want no-store", got)
			}
		})
	}
}

func checkHeaders(t *testing.T, header http.Header) {
	t.Helper()
	policy := header.Get("Content-Security-Policy")
	for _, directive := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, directive) {
			t.Errorf("Content-Security-Policy: got %q, want %q in it", policy, directive)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy: got %q, want nothing unsafe", policy)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("Access-Control-Allow-Origin: got %q, want none", got)
	}
}

func TestFaultsWithoutASwitch(t *testing.T) {
	t.Parallel()
	page, err := statuspage.New(statuspage.Config{Source: &board{}})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	request := httptest.NewRequest(http.MethodPost, "http://localhost/faults", strings.NewReader(`{"name":"503","on":true}`))
	recorder := httptest.NewRecorder()
	page.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusNotFound {
		t.Errorf("status: got %d, want 404", recorder.Code)
	}
}

// TestPageLoadsNothingElse holds what the policy promises: everything the page
// names is beside it, and nothing stands in it that the policy would block.
func TestPageLoadsNothingElse(t *testing.T) {
	t.Parallel()
	page := newPage(t, &board{})
	for _, path := range []string{"/", "/page.js", "/time.js", "/style.css", "/icon.svg"} {
		request := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
		recorder := httptest.NewRecorder()
		page.ServeHTTP(recorder, request)
		body := strings.ReplaceAll(recorder.Body.String(), "http://www.w3.org/2000/svg", "")
		if recorder.Code != http.StatusOK || body == "" {
			t.Errorf("%s: got status %d and %d bytes", path, recorder.Code, len(body))
		}
		for _, foreign := range []string{"http:", "https:", "innerHTML", " style=", "onclick=", "<script>"} {
			if strings.Contains(body, foreign) {
				t.Errorf("%s: got %q in it, want nothing from elsewhere and nothing inline", path, foreign)
			}
		}
	}
}

// tape is a ResponseWriter that can be read while it is written.
type tape struct {
	header http.Header
	mu     sync.Mutex
	body   strings.Builder
}

func (r *tape) Header() http.Header { return r.header }
func (r *tape) WriteHeader(int)     {}
func (r *tape) Flush()              {}

func (r *tape) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.body.Write(b)
}

func (r *tape) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.body.String()
}

// follow opens the event stream in a bubble and returns the tape that the
// events pile up on.
func follow(ctx context.Context, page http.Handler) (events *tape, ended <-chan struct{}) {
	events = &tape{header: http.Header{}}
	request := httptest.NewRequest(http.MethodGet, "http://localhost/events", nil).WithContext(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		page.ServeHTTP(events, request)
	}()
	return events, done
}

func TestEventsTellEveryChangeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &board{}
		ctx, cancel := context.WithCancel(t.Context())
		events, ended := follow(ctx, newPage(t, b))
		count := func(event string) int { return strings.Count(events.String(), "event: "+event+"\n") }

		synctest.Wait()
		if got := count("view"); got != 1 {
			t.Errorf("views at once: got %d, want 1", got)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := count("view"); got != 1 {
			t.Errorf("views without a change: got %d, want 1", got)
		}
		b.set(statuspage.View{Speed: 30}, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := count("view"); got != 2 {
			t.Errorf("views after a change: got %d, want 2", got)
		}
		time.Sleep(16 * time.Second)
		synctest.Wait()
		if got := count("view"); got != 3 {
			t.Errorf("views after a quiet while: got %d, want 3", got)
		}
		b.set(statuspage.View{}, errors.New("store is gone"))
		time.Sleep(time.Second)
		synctest.Wait()
		if got := count("trouble"); got != 1 {
			t.Errorf("troubles: got %d, want 1", got)
		}
		if strings.Contains(events.String(), "store is gone") {
			t.Error("the stream shows the source's error text")
		}
		cancel()
		<-ended
		if got := events.Header().Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
			t.Errorf("Content-Type: got %q", got)
		}
	})
}

func TestEventsCarryTheView(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &board{view: statuspage.View{
			Tokens: []statuspage.Token{{ID: "pos/DK12345678", State: statuspage.StateMissing, Problem: "line one\nline two"}},
			Sweeps: []statuspage.Sweep{{Renewed: 3}},
		}}
		ctx, cancel := context.WithCancel(t.Context())
		events, ended := follow(ctx, newPage(t, b))
		synctest.Wait()
		cancel()
		<-ended

		event := events.String()
		_, data, _ := strings.Cut(event, "data: ")
		data, rest, _ := strings.Cut(data, "\n")
		if rest != "\n" {
			t.Errorf("event ends with %q, want one empty line: a line break in a value tore it", rest)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(data), &got); err != nil {
			t.Fatalf("data is not JSON: %v", err)
		}
		for _, list := range []string{"clients", "tokens", "sweeps", "faults"} {
			if _, ok := got[list].([]any); !ok {
				t.Errorf("%s: got %v, want a list", list, got[list])
			}
		}
		if strings.Contains(data, `"failures":null`) || strings.Contains(data, `0001-01-01T00:00:00Z","due_at`) {
			t.Errorf("data: got %s, want empty lists and no zero times", data)
		}
	})
}
