package statuspage_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/statuspage"
)

// board is a Source and a Switch, invites and revokes, and remembers what it was
// told.
type board struct {
	mu      sync.Mutex
	view    statuspage.View
	err     error
	on      map[string]bool
	invited []string
	revoked []string
	refusal error // of invitations and revocations
	link    string
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

func (b *board) invite(_ context.Context, client, merchant string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refusal != nil {
		return "", b.refusal
	}
	b.invited = append(b.invited, client+"/"+merchant)
	return b.link, nil
}

func (b *board) revoke(_ context.Context, client, merchant string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refusal != nil {
		return b.refusal
	}
	b.revoked = append(b.revoked, client+"/"+merchant)
	return nil
}

func (b *board) set(view statuspage.View, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.view, b.err = view, err
}

func newPage(t *testing.T, b *board) http.Handler {
	t.Helper()
	page, err := statuspage.New(statuspage.Config{Source: b, Switch: b, Invite: b.invite, Revoke: b.revoke})
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
		stranger                                     bool // brings no ticket
		want                                         int
	}{
		{name: "page", path: "/", want: 200},
		{name: "page by number", path: "/", host: "127.0.0.1:8080", want: 200},
		{name: "page by IPv6 number", path: "/", host: "[::1]:8080", want: 200},
		{name: "page without port", path: "/", host: "localhost", want: 200},
		{name: "page to a stranger", path: "/", stranger: true, want: 200},
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
		{name: "change without a ticket", method: "POST", path: "/faults", body: change, stranger: true, want: 403},
		{name: "invitation without a ticket", method: "POST", path: "/invite", body: `{"client":"shop","merchant":"DK1"}`, stranger: true, want: 403},
		{name: "revocation without a ticket", method: "POST", path: "/revoke", body: `{"client":"shop","merchant":"DK1"}`, stranger: true, want: 403},
		{name: "invitation from another site", method: "POST", path: "/invite", site: "cross-site", body: `{"client":"shop","merchant":"DK1"}`, want: 403},
		{name: "revocation from another site", method: "POST", path: "/revoke", site: "cross-site", body: `{"client":"shop","merchant":"DK1"}`, want: 403},
		{name: "change from another site", method: "POST", path: "/faults", origin: "http://evil.example", site: "cross-site", body: change, want: 403},
		{name: "change from another port", method: "POST", path: "/faults", site: "same-site", body: change, want: 403},
		{name: "change from another origin, old browser", method: "POST", path: "/faults", origin: "http://localhost:9400", body: change, want: 403},
		{name: "change by a rebound name", method: "POST", path: "/faults", host: "evil.example", body: change, want: 421},
		{name: "change by GET", path: "/faults", want: 404},
		{name: "unknown fault", method: "POST", path: "/faults", body: `{"name":"fire","on":true}`, want: 422},
		{name: "no fault", method: "POST", path: "/faults", body: `{"on":true}`, want: 400},
		{name: "unknown field", method: "POST", path: "/faults", body: `{"name":"503","onn":true}`, want: 400},
		{name: "not JSON", method: "POST", path: "/faults", body: `name=503`, want: 400},
		{name: "two values", method: "POST", path: "/faults", body: change + change, want: 400},
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
			handler := newPage(t, b)
			if !test.stranger {
				request.Header.Set("X-Ticket", firstEvent(t, handler).Ticket)
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
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
	for _, directive := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
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

// TestPageLoadsNothingElse holds what the policy promises: everything the page
// names is beside it, and nothing stands in it that the policy would block.
func TestPageLoadsNothingElse(t *testing.T) {
	t.Parallel()
	page := newPage(t, &board{})
	for _, path := range []string{
		"/", "/page.js", "/tokens.js", "/sweeps.js", "/change.js", "/dom.js", "/time.js", "/style.css", "/icon.svg",
	} {
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
