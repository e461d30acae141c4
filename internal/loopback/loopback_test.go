package loopback_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"token-refresher/internal/loopback"
)

// ask requests a page by the name of host.
func ask(host string) (status int, reached bool) {
	handler := loopback.Only(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	request := httptest.NewRequest(http.MethodGet, "http://localhost/", nil)
	request.Host = host
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Code, reached
}

func TestOnly(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "127.0.0.1": 200, "127.0.0.1:8080": 200, "127.1.2.3": 200, "[::1]": 200, "[::1]:8080": 200,
		"evil.example": 421, "evil.example:8080": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "evil.localhost:1": 421,
		"0.0.0.0:8080": 421, "192.0.2.1": 421, "[fe80::1]:80": 421, "169.254.169.254": 421, "": 421, "[": 421, "[::10": 421,
	} {
		if got, reached := ask(host); got != want || reached != (want == 200) {
			t.Errorf("host %q: got %d (reached: %v), want %d", host, got, reached, want)
		}
	}
}

// shape is what no DNS server decides about: the name localhost, and whatever
// has the shape of an address of the loopback network.
var shape = regexp.MustCompile(`^(localhost|127(\.[0-9]{1,3}){3}|\[?[0:]*(1|(ffff|FFFF):(127(\.[0-9]{1,3}){3}|7[fF][0-9a-fA-F]{2}:[0-9a-fA-F]{1,4}))\]?)(:[^:]*)?$`)

// FuzzHost looks for a name that is let through although it is not one of this
// machine's own.
func FuzzHost(f *testing.F) {
	for _, host := range []string{
		"localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "::1", "[", "[]", "",
		"evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", "[::ffff:127.0.0.1]", "0x7f.1", "localhost:1:2", "[]::1]", "[[::1]]",
	} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		status, reached := ask(host)
		if reached && !shape.MatchString(host) {
			t.Errorf("host %q: got through, want 421", host)
		}
		if !reached && status != http.StatusMisdirectedRequest {
			t.Errorf("host %q: got status %d, want 200 or 421", host, status)
		}
	})
}
