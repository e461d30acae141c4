// Package loopback knows which hosts are this machine, and keeps other sites away
// from what a server there answers: it holds the server to the names that no DNS
// server decides about. Without it any site could point its own name at 127.0.0.1
// (DNS rebinding), and its pages, by then of the same origin, could read
// everything there.
//
// It owns these two checks. Who may connect at all is for the listener, and
// requests that another site's page sends to the right name are for
// [http.CrossOriginProtection].
package loopback

import (
	"net"
	"net/http"
	"strings"
)

// Only lets a request through whose Host is a name of this machine, with or
// without a port, and answers any other with 421 (RFC 9110, section 15.5.20).
func Only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Is(withoutPort(r.Host)) {
			http.Error(w, "this server answers to localhost only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Is reports whether host, in lower case and without a port, is localhost or an
// address of the loopback network (RFC 6890, section 2.2).
func Is(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// withoutPort is the host of a Host header (RFC 9110, section 7.2).
func withoutPort(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}
