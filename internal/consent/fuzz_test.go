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
func FuzzCookie(f *testing.F) {
	w := newWorld(f)
	b := w.browser()
	form := b.approved("code-1").Encode()
	own := *b.cookies[0]
	f.Add(own.Name, "AAAA")
	f.Add(own.Name, own.Value[:len(own.Value)-1])
	f.Add(own.Name, own.Value+"A")
	f.Add("__Host-consent-0000000000000000", own.Value)
	f.Add("__Host-consent-done", own.Value)
	f.Add(own.Name, strings.Repeat("A", 5000))
	f.Fuzz(func(t *testing.T, name, value string) {
		if name == own.Name && value == own.Value {
			t.Skip()
		}
		w.log.Reset()
		lookedUp := w.provider.lookedUp
		r := posted(form)
		r.AddCookie(&http.Cookie{Name: name, Value: value})
		recorder := httptest.NewRecorder()
		w.handler.ServeHTTP(recorder, r)
		if recorder.Code != http.StatusBadRequest || len(w.provider.redeemed) != 0 || w.provider.lookedUp != lookedUp {
			t.Errorf("cookie %q: got status %d and %d exchanges, want 400 and none", name, recorder.Code, len(w.provider.redeemed))
		}
	})
}

// FuzzInvite looks for an invite that nobody made.
func FuzzInvite(f *testing.F) {
	w := newWorld(f)
	_, own, _ := strings.Cut(w.invite(), "=")
	f.Add("invite=AAAA")
	f.Add("invite=" + own[:len(own)-1])
	f.Add("invite=" + own + "&invite=" + own)
	f.Add("invite=" + own + "%0a")
	f.Add("Invite=" + own)
	f.Fuzz(func(t *testing.T, query string) {
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
