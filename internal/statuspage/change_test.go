package statuspage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/statuspage"
)

// press asks for a change as the page does.
func press(t *testing.T, handler http.Handler, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(body))
	request.Header.Set("X-Ticket", firstEvent(t, handler).Ticket)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func TestInviteAndRevoke(t *testing.T) {
	t.Parallel()
	const link = "http://127.0.0.1:8080/consent?invite=x"
	tests := []struct {
		name, body string
		link       string
		refusal    error
		want       int // of an invitation; a revocation answers 204 for its 200
		says       string
	}{
		{name: "merchant", body: `{"client":"shop","merchant":"DK12345678"}`, link: link, want: 200, says: link},
		{name: "refused in words", body: `{"client":"shop","merchant":"SE1"}`, refusal: &statuspage.Refusal{Reason: "no such merchant"}, want: 422, says: "no such merchant"},
		{name: "failed", body: `{"client":"shop","merchant":"DK1"}`, refusal: errors.New("dial 10.0.0.7: refused"), want: 422, says: "this"},
		{name: "no merchant", body: `{"client":"shop"}`, want: 400},
		{name: "no client", body: `{"merchant":"DK1"}`, want: 400},
		{name: "not a client", body: `{"client":"../shop","merchant":"DK1"}`, want: 422},
		{name: "not a merchant", body: `{"client":"shop","merchant":"DK1/grant"}`, want: 422},
		{name: "unknown field", body: `{"client":"shop","merchant":"DK1","force":true}`, want: 400},
		{name: "not JSON", body: `client=shop`, want: 400},
		{name: "endless", body: `{"client":"shop","merchant":"` + strings.Repeat("1", 5000) + `"}`, want: 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := &board{link: test.link, refusal: test.refusal}
			handler := newPage(t, b)
			invited, revoked := press(t, handler, "/invite", test.body), press(t, handler, "/revoke", test.body)
			if invited.Code != test.want || !strings.Contains(invited.Body.String(), test.says) {
				t.Errorf("invite: got %d %s, want %d with %q", invited.Code, invited.Body, test.want, test.says)
			}
			want := test.want
			if want == http.StatusOK {
				want = http.StatusNoContent
			}
			if revoked.Code != want {
				t.Errorf("revoke: got %d %s, want %d", revoked.Code, revoked.Body, want)
			}
			for _, answer := range []*httptest.ResponseRecorder{invited, revoked} {
				if strings.Contains(answer.Body.String(), "10.0.0.7") {
					t.Errorf("the page is told the error itself: %s", answer.Body)
				}
			}
			var called []string
			if test.want == http.StatusOK {
				called = []string{"shop/DK12345678"}
			}
			if !slices.Equal(b.invited, called) || !slices.Equal(b.revoked, called) {
				t.Errorf("invited %v and revoked %v, want %v", b.invited, b.revoked, called)
			}
		})
	}
}

func TestInviteAnswersTheLink(t *testing.T) {
	t.Parallel()
	b := &board{link: "https://consent.example/consent?invite=a&b"}
	var got map[string]string
	answer := press(t, newPage(t, b), "/invite", `{"client":"shop","merchant":"DK1"}`)
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || got["url"] != b.link || len(got) != 1 {
		t.Errorf("got %s (%v), want only the url %s", answer.Body, err, b.link)
	}
	if got := answer.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type: got %q", got)
	}
}

// Whatever invites, the page makes no link of what a browser would run.
func TestInviteIsALinkToAPage(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"", "javascript:alert(1)", "javascript://x.example/%0aalert(1)", "ftp://x.example/", "data:text/html,x", "/consent", "https://", "http:x", "\x7f"} {
		b := &board{link: link}
		answer := press(t, newPage(t, b), "/invite", `{"client":"shop","merchant":"DK1"}`)
		if answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: got %d %s, want 422", link, answer.Code, answer.Body)
		}
	}
}

// The log says why a change was not made; a link lets its reader consent, so it
// stays out of it.
func TestInviteIsNotLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	b := &board{link: "javascript:invite-of-a-merchant"}
	handler, err := statuspage.New(statuspage.Config{Source: b, Invite: b.invite, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	press(t, handler, "/invite", `{"client":"shop","merchant":"DK1"}`)
	if text := log.String(); !strings.Contains(text, "no link to a web page") || strings.Contains(text, b.link) {
		t.Errorf("log: got %s, want the reason without the link", text)
	}
}

// What was not wired is neither offered nor done.
func TestWithoutWiresNothingIsOffered(t *testing.T) {
	t.Parallel()
	bare, err := statuspage.New(statuspage.Config{Source: &board{}})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	for path, body := range map[string]string{
		"/faults": `{"name":"503","on":true}`,
		"/invite": `{"client":"shop","merchant":"DK1"}`,
		"/revoke": `{"client":"shop","merchant":"DK1"}`,
	} {
		if answer := press(t, bare, path, body); answer.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, answer.Code)
		}
	}
	without, with := firstEvent(t, bare).Can, firstEvent(t, newPage(t, &board{})).Can
	for _, what := range []string{"switch", "invite", "revoke"} {
		if can, told := without[what]; can || !told {
			t.Errorf("can %s: it is offered, and not wired", what)
		}
		if !with[what] {
			t.Errorf("can %s: it is wired, and not offered", what)
		}
	}
}

// A ticket is good for one page only, and cannot be guessed from another.
func TestTicketsDiffer(t *testing.T) {
	t.Parallel()
	one, other := firstEvent(t, newPage(t, &board{})).Ticket, firstEvent(t, newPage(t, &board{})).Ticket
	if one == other || len(one) < 26 {
		t.Errorf("tickets %q and %q: want two of at least 128 bits", one, other)
	}
}
