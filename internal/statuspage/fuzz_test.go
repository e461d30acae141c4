package statuspage_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"token-refresher/internal/statuspage"
)

// own is what no DNS server decides about: the name localhost, and whatever has
// the shape of an address of the loopback network.
var own = regexp.MustCompile(`^(localhost|127(\.[0-9]{1,3}){3}|\[?[0:]*(1|(ffff|FFFF):(127(\.[0-9]{1,3}){3}|7[fF][0-9a-fA-F]{2}:[0-9a-fA-F]{1,4}))\]?)(:[^:]*)?$`)

// FuzzHost looks for a name that the page answers to although it is not one of
// this machine's own.
func FuzzHost(f *testing.F) {
	for _, host := range []string{
		"localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "::1", "[", "[]", "",
		"evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "[::ffff:127.0.0.1]", "0x7f.1", "localhost:1:2",
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
