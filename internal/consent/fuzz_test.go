package consent_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"token-refresher/internal/consent"
)

// FuzzCallback holds the parser to what the judgement of a response relies on:
// every parameter was sent exactly once, as it is read.
func FuzzCallback(f *testing.F) {
	for _, body := range []string{
		"", "state=a&code=b&id_token=c&scope=openid", "state=a&state=b", "state=a&error=access_denied", "state=%zz",
		"state=a;code=b", "STATE=a", "state", "&&=&", "state=a%00b&iss=https%3A%2F%2Fi.example", "code=+%2B&code%20=x", "s%74ate=a&state=",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		parameters, fault := consent.ParseResponse(body)
		if fault != "" {
			for name, value := range parameters {
				if value != "" {
					t.Errorf("%s is %q beside the fault %q", name, value, fault)
				}
			}
			return
		}
		times := map[string]int{}
		for pair := range strings.SplitSeq(body, "&") {
			name, value, _ := strings.Cut(pair, "=")
			name, nameErr := url.QueryUnescape(name)
			value, valueErr := url.QueryUnescape(value)
			if nameErr != nil || valueErr != nil || strings.Contains(pair, ";") {
				t.Fatalf("%q was accepted", body)
			}
			if pair == "" {
				continue
			}
			if times[name]++; times[name] > 1 {
				t.Errorf("%q has %s twice and was accepted", body, name)
			}
			if got, known := parameters[name]; known && got != value {
				t.Errorf("%q: got %s %q, want %q", body, name, got, value)
			}
		}
		for name, value := range parameters {
			if value != "" && times[name] != 1 {
				t.Errorf("%q has no %s, got %q", body, name, value)
			}
		}
	})
}

// FuzzCookie looks for an attempt that this browser did not begin: whatever a
// cookie is called and holds, no code is exchanged and nothing is looked up.
// {name} and {value} stand for those of the one that it did begin.
func FuzzCookie(f *testing.F) {
	w := newWorld(f)
	b := w.browser()
	form := b.approved("code-1").Encode()
	own := *b.cookies[0]
	f.Add("{name}", "AAAA")
	f.Add("{name}", "{value}A")
	f.Add("{name}", "A{value}")
	f.Add("__Host-consent-0000000000000000", "{value}")
	f.Add("__Host-consent-done", "{value}")
	f.Add("{name}", strings.Repeat("A", 5000))
	f.Fuzz(func(t *testing.T, name, value string) {
		name, value = strings.ReplaceAll(name, "{name}", own.Name), strings.ReplaceAll(value, "{value}", own.Value)
		r := posted(form)
		r.Header.Set("Cookie", name+"="+value)
		for _, c := range r.CookiesNamed(own.Name) {
			if c.Value == own.Value {
				t.Skip() // its own, however that is written
			}
		}
		w.log.Reset()
		lookedUp := w.provider.lookedUp
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		if recorder.Code != http.StatusBadRequest || len(w.provider.redeemed) != 0 || w.provider.lookedUp != lookedUp {
			t.Errorf("cookie %q: got status %d and %d exchanges, want 400 and none", name, recorder.Code, len(w.provider.redeemed))
		}
	})
}

// FuzzInvite looks for an invite that nobody made. {invite} stands for one that
// was.
func FuzzInvite(f *testing.F) {
	w := newWorld(f)
	_, own, _ := strings.Cut(w.invite(), "=")
	for _, query := range []string{
		"", "invite=AAAA", "invite={invite}A", "invite={invite}&invite={invite}", "invite={invite}%0a",
		"Invite={invite}", "invite={invite};x=1", "invite=+{invite}", "invite",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		query = strings.ReplaceAll(query, "{invite}", own)
		values, err := url.ParseQuery(query)
		if err == nil && len(values["invite"]) == 1 && values.Get("invite") == own {
			t.Skip()
		}
		w.log.Reset()
		r := httptest.NewRequest(http.MethodGet, publicURL+"/consent", nil)
		r.URL.RawQuery = query
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		if recorder.Code != http.StatusBadRequest || recorder.Header().Get("Location") != "" || recorder.Header().Get("Set-Cookie") != "" {
			t.Errorf("query %q: got status %d, want 400 and nothing else", query, recorder.Code)
		}
	})
}
