package oauth_test

import (
	"context"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"token-refresher/internal/oauth"
)

func TestDeliveryOfAnErrorMadeElsewhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  oauth.Error
		want oauth.Delivery
	}{
		{"nothing but a class", oauth.Error{Class: oauth.ClassTransient}, oauth.Broken},
		{"a status", oauth.Error{Class: oauth.ClassTransient, Status: 502}, oauth.Answered},
		{"a timeout", oauth.Error{Class: oauth.ClassTransient, Timeout: true}, oauth.TimedOut},
		{"a timeout in the answer", oauth.Error{Class: oauth.ClassTransient, Status: 200, Timeout: true}, oauth.TimedOut},
		{"not sent", oauth.Error{Class: oauth.ClassTransient, NotSent: true}, oauth.NotSent},
		{"not sent in time", oauth.Error{Class: oauth.ClassTransient, NotSent: true, Timeout: true}, oauth.NotSent},
	}
	for _, test := range tests {
		if got := test.err.Delivery(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// TestDeliveryOnTheWire runs every end of a request over real connections.
func TestDeliveryOnTheWire(t *testing.T) {
	t.Parallel()
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	half := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"access_token":"`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	dial := func(transport *http.Transport, dialer func(context.Context, string, string) (net.Conn, error)) {
		transport.DialContext = dialer
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		change  func(*http.Transport, context.CancelFunc)
		cancel  bool // the caller gives up when the request has arrived
		want    oauth.Delivery
		timeout bool
	}{
		{name: "a refusal", handler: refuse, want: oauth.Answered},
		{name: "broken off before the answer", handler: abort, want: oauth.Broken},
		{name: "broken off in the answer", handler: half, want: oauth.Broken},
		{name: "no answer in time", handler: hang, want: oauth.TimedOut, timeout: true},
		{name: "no answer until the caller gives up", handler: hang, cancel: true, want: oauth.TimedOut},
		{name: "connection refused", want: oauth.NotSent, change: func(transport *http.Transport, _ context.CancelFunc) {
			dial(transport, func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED })
		}},
		{name: "no connection in time", want: oauth.NotSent, timeout: true, change: func(transport *http.Transport, _ context.CancelFunc) {
			dial(transport, func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() })
		}},
		{name: "no connection until the caller gives up", want: oauth.NotSent, change: func(transport *http.Transport, cancel context.CancelFunc) {
			dial(transport, func(ctx context.Context, _, _ string) (net.Conn, error) {
				cancel()
				<-ctx.Done()
				return nil, ctx.Err()
			})
		}},
		{name: "no TLS handshake in time", want: oauth.NotSent, timeout: true, change: func(transport *http.Transport, _ context.CancelFunc) {
			dial(transport, func(context.Context, string, string) (net.Conn, error) { ours, _ := net.Pipe(); return ours, nil })
		}},
		{name: "a certificate that nobody signed", want: oauth.NotSent, change: func(transport *http.Transport, _ context.CancelFunc) {
			transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		}},
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		for _, test := range tests {
			t.Run(protocol+" "+test.name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var requests atomic.Int32
				idp, transport := serveTLS(t, protocol, func(w http.ResponseWriter, r *http.Request) {
					if requests.Add(1) == 1 && test.change == nil {
						_, _ = io.WriteString(w, goodAnswer)
						return
					}
					if test.cancel {
						cancel()
					}
					test.handler(w, r)
				})
				p := parse(t, consented(""))
				p.TokenEndpoint = idp.URL + "/token"
				client := newClient(t, transport)
				if test.change != nil {
					test.change(transport, cancel)
				} else if _, err := client.Refresh(ctx, p, credentials(nil), grant(nil)); err != nil {
					t.Fatalf("the first request, which makes the connection: %v", err)
				}
				if test.timeout {
					p.Timeout = 2 * time.Second // long enough for a request to arrive on a busy machine
				}
				_, err := client.Refresh(ctx, p, credentials(nil), grant(nil))
				found := classified(t, err)
				if found.Delivery() != test.want || found.Timeout != test.timeout {
					t.Errorf("got %s, timeout %v (%v); want %s, %v", found.Delivery(), found.Timeout, err, test.want, test.timeout)
				}
				wantNoLeak(t, err)
			})
		}
	}
}

// serveTLS serves with one version of HTTP, and returns a transport that trusts
// the server.
func serveTLS(t *testing.T, protocol string, handler http.HandlerFunc) (*httptest.Server, *http.Transport) {
	t.Helper()
	idp := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Proto != protocol {
			t.Errorf("got a request over %s, want %s", r.Proto, protocol)
		}
		_, _ = io.Copy(io.Discard, r.Body) // so that its context ends with the connection
		handler(w, r)
	}))
	idp.EnableHTTP2 = protocol == "HTTP/2.0"
	idp.Config.ErrorLog = log.New(io.Discard, "", 0)
	idp.StartTLS()
	t.Cleanup(idp.Close)
	transport := oauth.NewTransport()
	t.Cleanup(transport.CloseIdleConnections)
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(idp.Certificate())
	return idp, transport
}

// A transport that says nothing about its connections is not believed to have
// sent nothing, whatever its error is called.
func TestDeliveryOverATransportInMemory(t *testing.T) {
	t.Parallel()
	for _, err := range []error{syscall.ECONNREFUSED, &net.DNSError{IsNotFound: true}, syscall.ECONNRESET} {
		_, got := refresh(t, failing(err), consented(""))
		if found := classified(t, got); found.Delivery() != oauth.Broken {
			t.Errorf("%v: got %s, want broken", err, found.Delivery())
		}
	}
}

func TestDeliveryOfWhatIsRefusedHere(t *testing.T) {
	t.Parallel()
	idp := serving(http.StatusInternalServerError, "")
	for name, p := range map[string]string{
		"a header without its field": consented(`"headers":{"X-A":"{gone}"}`),
		"no discovery document":      `{"grant_type":"authorization_code","issuer":"https://idp.example","discovery_url":"https://idp.example/.well-known/openid-configuration"}`,
	} {
		_, err := refresh(t, idp, p)
		if found := classified(t, err); found.Delivery() != oauth.NotSent {
			t.Errorf("%s: got %s (%v), want not sent", name, found.Delivery(), err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, limited := newClient(t, idp), parse(t, consented(`"requests_per_second":0.001`))
	for want, count := oauth.Answered, 0; count < 2; want, count = oauth.NotSent, count+1 {
		_, err := client.Refresh(ctx, limited, credentials(nil), grant(nil))
		if found := classified(t, err); found.Delivery() != want {
			t.Errorf("request %d: got %s (%v), want %s", count, found.Delivery(), err, want)
		}
	}
}

// repeatable marks requests as such. A provider cannot (its headers are checked),
// but then it is not the mark alone that keeps a refresh token from going twice.
type repeatable struct{ http.RoundTripper }

func (r repeatable) RoundTrip(request *http.Request) (*http.Response, error) {
	marked := request.Clone(request.Context())
	marked.Header.Set("Idempotency-Key", "k")
	return r.RoundTripper.RoundTrip(marked)
}

// TestNetHTTPSendsNothingTwice has connections that die as soon as they are used
// again. net/http repeats a request then if it may and can.
func TestNetHTTPSendsNothingTwice(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(http.ResponseWriter){
		"closed": func(w http.ResponseWriter) { reset(w, "HTTP") },
		"ended":  func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"reset":  func(w http.ResponseWriter) { reset(w, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if requests.Add(1) == 1 {
					_, _ = io.WriteString(w, goodAnswer)
					return
				}
				ends(w)
			}))
			defer idp.Close()
			transport := oauth.NewTransport()
			defer transport.CloseIdleConnections()
			client := newClient(t, repeatable{transport})
			p := parse(t, consented(""))
			p.TokenEndpoint = idp.URL + "/token"
			if _, err := client.Refresh(t.Context(), p, credentials(nil), grant(nil)); err != nil {
				t.Fatal(err)
			}
			_, err := client.Refresh(t.Context(), p, credentials(nil), grant(nil))
			if found := classified(t, err); found.Delivery() != oauth.Broken {
				t.Errorf("got %s (%v), want broken", found.Delivery(), err)
			}
			if got := requests.Load(); got != 2 {
				t.Errorf("got %d requests, want one for each refresh", got)
			}
		})
	}
}

// TestNoRequestCanBeRepeated is what net/http needs to send a body again.
func TestNoRequestCanBeRepeated(t *testing.T) {
	t.Parallel()
	idp := serving(http.StatusOK, goodAnswer)
	quick, repeatable := idp.answer, 0
	idp.answer = func(request *http.Request) (*http.Response, error) {
		if request.GetBody != nil || request.Body == nil || request.Body == http.NoBody || request.ContentLength <= 0 {
			repeatable++
		}
		return quick(request)
	}
	if _, err := refresh(t, idp, consented("")); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, idp)
	if err := client.Revoke(t.Context(), parse(t, consented("")), credentials(nil), grant(nil).RefreshToken); err != nil {
		t.Fatal(err)
	}
	if repeatable != 0 {
		t.Errorf("got %d requests that net/http could repeat, want none", repeatable)
	}
}
