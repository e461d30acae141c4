package statuspage_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

// own is what no DNS server decides about: the name localhost, and whatever has
// the shape of an address of the loopback network.
var own = regexp.MustCompile(`^(localhost|127(\.[0-9]{1,3}){3}|\[?[0:]*(1|(ffff|FFFF):(127(\.[0-9]{1,3}){3}|7[fF][0-9a-fA-F]{2}:[0-9a-fA-F]{1,4}))\]?)(:[^:]*)?$`)

// FuzzHost looks for a name that the page answers to although it is not one of
// this machine's own.
func FuzzHost(f *testing.F) {
	for _, host := range []string{
		"localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "::1", "[", "[]", "",
		"evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "[::ffff:127.0.0.1]", "0x7f.1", "localhost:1:2", "[]::1]", "[[::1]]",
	} {
		f.Add(host)
	}
	page, err := statuspage.New(statuspage.Config{Source: &board{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, host string) {
		request := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
		request.Host = host
		recorder := httptest.NewRecorder()
		page.ServeHTTP(recorder, request)
		if recorder.Code == http.StatusOK && !own.MatchString(host) {
			t.Errorf("host %q: got the page, want 421", host)
		}
		if recorder.Code != http.StatusOK && recorder.Code != http.StatusMisdirectedRequest {
			t.Errorf("host %q: got status %d, want 200 or 421", host, recorder.Code)
		}
	})
}

// FuzzChange looks for a body that invites or revokes what is no merchant of a
// client, or both answers an error and does it.
func FuzzChange(f *testing.F) {
	for _, body := range []string{
		`{"client":"shop","merchant":"DK12345678"}`, `{"client":"shop"}`, `{"client":"shop","merchant":"../x"}`, `{}`, `[]`, ``,
		`{"client":"shop","merchant":"DK1"}{}`, `{"client":"SHOP","merchant":"a\u0000"}`, `{"CLIENT":"shop","Merchant":"grant"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		b := &board{link: "http://localhost/consent"}
		handler := newPage(t, b)
		for path, done := range map[string]*[]string{"/invite": &b.invited, "/revoke": &b.revoked} {
			answer := press(t, handler, path, body)
			if ok := answer.Code < http.StatusMultipleChoices; ok != (len(*done) == 1) {
				t.Errorf("%s %q: got status %d and did %v", path, body, answer.Code, *done)
			}
			for _, name := range *done {
				if id, err := token.ParseID(name); err != nil || id.Merchant == "" {
					t.Errorf("%s %q: did it for %q (%v)", path, body, name, err)
				}
			}
		}
	})
}
