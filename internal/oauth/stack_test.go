package oauth_test

import (
	"cmp"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
)

// TestRealStack runs what depends on net/http's own client and transport over
// real connections.
func TestRealStack(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		timeout string // empty: the default
		handler http.HandlerFunc
		class   oauth.Class // empty: a token
		status  int
		text    string
	}{
		{name: "good", handler: func(w http.ResponseWriter, r *http.Request) {
			id, secret, ok := r.BasicAuth()
			if !ok || id != "client%2Bid%3A1" || secret != encodedSecret {
				w.WriteHeader(http.StatusUnauthorized)
			}
			_, _ = io.WriteString(w, goodAnswer)
		}},
		{name: "redirect", class: oauth.ClassUnknown, status: 307, text: "redirects", handler: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}},
		{name: "10 MB", class: oauth.ClassUnknown, status: 200, text: "larger than 1023 KiB", handler: func(w http.ResponseWriter, _ *http.Request) {
			block := []byte(strings.Repeat("x", 1<<20))
			for range 10 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}},
		{name: "reset before the answer", class: oauth.ClassTransient, text: "the connection broke off", handler: func(w http.ResponseWriter, _ *http.Request) {
			reset(w, "")
		}},
		{name: "reset in the answer", class: oauth.ClassTransient, status: 200, text: "the connection broke off", handler: func(w http.ResponseWriter, _ *http.Request) {
			reset(w, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\":\"")
		}},
		{name: "headers without end", class: oauth.ClassTransient, text: "the connection failed", handler: func(w http.ResponseWriter, _ *http.Request) {
			reset(w, "HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("x", 128<<10)+"\r\n\r\n")
		}},
		{name: "hanging", timeout: "300ms", class: oauth.ClassTransient, text: "no complete answer came in time", handler: func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				_, _ = io.Copy(io.Discard, r.Body) // so that its context ends with the connection
				test.handler(w, r)
			}))
			defer idp.Close()
			transport := oauth.NewTransport()
			defer transport.CloseIdleConnections()
			p := parse(t, `{"grant_type":"client_credentials","timeout":"`+cmp.Or(test.timeout, "10s")+`","token_endpoint":"`+idp.URL+`/token"}`)
			_, err := newClient(t, transport).ClientCredentials(t.Context(), p, credentials(nil), "")
			if got := requests.Load(); got != 1 {
				t.Errorf("got %d requests, want exactly 1", got)
			}
			if test.class == "" {
				if err != nil {
					t.Errorf("got error %v, want a token", err)
				}
				return
			}
			found := classified(t, err)
			if found.Class != test.class || found.Status != test.status || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %#v %q, want %s, status %d and %q in it", found, err, test.class, test.status, test.text)
			}
			wantNoLeak(t, err)
		})
	}
}

// endless is a body that never ends by itself.
type endless struct{ read int }

func (e *endless) Read(buffer []byte) (int, error) {
	e.read += len(buffer)
	return len(buffer), nil
}

func (*endless) Close() error { return nil }

func TestReadingStopsAtTheLimit(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]provider.Provider{"answer": parse(t, inline("")), "discovery document": parse(t, unpinned)} {
		body := &endless{}
		idp := &server{answer: func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body}, nil
		}}
		if _, err := newClient(t, idp).ClientCredentials(t.Context(), p, credentials(nil), ""); err == nil || body.read > 4<<20 {
			t.Errorf("%s: got error %v after reading %d bytes", name, err, body.read)
		}
	}
}

// reset writes the beginning of an answer and breaks the connection off.
func reset(w http.ResponseWriter, beginning string) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	connection, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(connection, beginning)
	if tcp, ok := connection.(*net.TCPConn); ok && beginning == "" {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// TestCertificatesAreChecked talks to a server whose certificate nobody signed.
func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	idp := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	idp.Config.ErrorLog = log.New(io.Discard, "", 0)
	idp.StartTLS()
	defer idp.Close()
	transport := oauth.NewTransport()
	defer transport.CloseIdleConnections()
	p := parse(t, `{"grant_type":"client_credentials","token_endpoint":"`+idp.URL+`/token"}`)
	_, err := newClient(t, transport).ClientCredentials(t.Context(), p, credentials(nil), "")
	if found := classified(t, err); found.Class != oauth.ClassTransient || !strings.Contains(err.Error(), "the TLS handshake failed") {
		t.Errorf("got class %s and %q", found.Class, err)
	}
}

func TestTransportLimits(t *testing.T) {
	t.Parallel()
	transport := oauth.NewTransport()
	if got, want := transport.IdleConnTimeout, 15*time.Second; got != want {
		t.Errorf("idle connections: got %v, want %v", got, want)
	}
	if transport.TLSClientConfig.MinVersion < tls.VersionTLS12 || transport.TLSClientConfig.InsecureSkipVerify {
		t.Error("TLS below 1.2 is allowed, or certificates are not checked")
	}
	for name, limit := range map[string]time.Duration{
		"TLS handshake": transport.TLSHandshakeTimeout, "response header": transport.ResponseHeaderTimeout,
	} {
		if limit <= 0 || limit > provider.MaxTimeout {
			t.Errorf("%s: got a limit of %v, want one within %v", name, limit, provider.MaxTimeout)
		}
	}
}

func TestZeroConfigWorks(t *testing.T) {
	t.Parallel()
	if _, err := oauth.New(oauth.Config{}); err != nil {
		t.Errorf("got %v, want the zero value to work", err)
	}
}
