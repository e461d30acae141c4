package oauth_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
)

// drip gives one byte a second, until its request
// ends.
type drip struct{ ctx context.Context }

func (d drip) Read(buffer []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		buffer[0] = ' '
		return 1, nil
	case <-d.ctx.Done():
		return 0, context.Cause(d.ctx)
	}
}

func (drip) Close() error { return nil }

func hanging() *server {
	return &server{answer: func(request *http.Request) (*http.Response, error) {
		<-request.Context().Done()
		return nil, context.Cause(request.Context()) // as net/http's transport does
	}}
}

func dripping() *server {
	return &server{answer: func(request *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: drip{request.Context()}}, nil
	}}
}

func TestNothingHangs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, provider string
		idp            func() *server
		callers        time.Duration // the caller's own deadline; 0: none
		want           time.Duration
		wantStatus     int
	}{
		{"a server that hangs", inline(""), hanging, 0, 10 * time.Second, 0},
		{"a server that hangs, own timeout", inline(`"timeout":"3s"`), hanging, 0, 3 * time.Second, 0},
		{"a server that hangs, less time left", inline(""), hanging, 2 * time.Second, 2 * time.Second, 0},
		{"a slow drip", inline(`"timeout":"20s"`), dripping, 0, 20 * time.Second, http.StatusOK},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.callers > 0 {
					// A cause of the caller's must not hide that time ran out.
					within, cancel := context.WithTimeoutCause(ctx, test.callers, errors.New("the function ends "+clientSecret))
					defer cancel()
					ctx = within
				}
				idp, started := test.idp(), time.Now()
				_, err := newClient(t, idp).ClientCredentials(ctx, parse(t, test.provider), credentials(nil), "")
				if got := time.Since(started); got != test.want {
					t.Errorf("got an end after %v, want %v", got, test.want)
				}
				found := classified(t, err)
				if found.Class != oauth.ClassTransient || !found.Timeout || found.Status != test.wantStatus || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %#v, want a transient timeout", found)
				}
				if got, want := len(idp.sent()), 1; got != want {
					t.Errorf("got %d requests, want %d", got, want)
				}
				wantNoLeak(t, err)
			})
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New(clientSecret)) })
		_, err := newClient(t, hanging()).ClientCredentials(ctx, parse(t, inline("")), credentials(nil), "")
		found := classified(t, err)
		if found.Class != oauth.ClassTransient || found.Timeout || !errors.Is(err, context.Canceled) {
			t.Errorf("got %#v, want it cancelled", found)
		}
		wantNoLeak(t, err)
	})
}

// TestNetworkFailures are the errors of net/http's transport. Each may quote
// what it failed on.
func TestNetworkFailures(t *testing.T) {
	t.Parallel()
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp " + clientSecret, Err: err}
	}
	tests := []struct {
		name    string
		err     error
		want    string
		timeout bool
	}{
		{"reset", dial(os.NewSyscallError("read", syscall.ECONNRESET)), "the connection broke off", false},
		{"broken pipe", dial(syscall.EPIPE), "the connection broke off", false},
		{"end of file", io.EOF, "the connection broke off", false},
		{"unexpected end", fmt.Errorf("reading %s: %w", clientSecret, io.ErrUnexpectedEOF), "the connection broke off", false},
		{"refused", dial(syscall.ECONNREFUSED), "the connection was refused", false},
		{"no such host", dial(&net.DNSError{Err: "no such host", Name: clientSecret, IsNotFound: true}), "the provider's host name cannot be resolved", false},
		{"name server too slow", dial(&net.DNSError{Err: "timeout", Name: clientSecret, IsTimeout: true}), "no complete answer came in time", true},
		{"dial too slow", dial(os.ErrDeadlineExceeded), "no complete answer came in time", true},
		{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "the TLS handshake failed", false},
		{"another name in the certificate", &tls.CertificateVerificationError{Err: x509.HostnameError{Host: clientSecret, Certificate: &x509.Certificate{}}}, "the TLS handshake failed", false},
		{"TLS alert", dial(tls.AlertError(40)), "the TLS handshake failed", false},
		{"not TLS at all", tls.RecordHeaderError{Msg: clientSecret}, "the TLS handshake failed", false},
		{"anything else", errors.New("malformed HTTP response " + accessToken), "the connection failed", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := failing(test.err)
			_, err := newClient(t, idp).ClientCredentials(t.Context(), parse(t, inline("")), credentials(nil), "")
			found := classified(t, err)
			if found.Class != oauth.ClassTransient || found.Status != 0 || found.Timeout != test.timeout {
				t.Errorf("got %#v, want transient, timeout %v", found, test.timeout)
			}
			if got, want := err.Error(), "token request: "+test.want; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if len(idp.sent()) != 1 {
				t.Errorf("got %d requests, want exactly 1", len(idp.sent()))
			}
			wantNoLeak(t, err)
		})
	}
}

func TestRequestsPerSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, serving(http.StatusOK, goodAnswer))
		limited, faster := parse(t, inline(`"requests_per_second":0.5`)), parse(t, inline(`"requests_per_second":5`))
		started := time.Now()
		var sweep sync.WaitGroup
		for range 4 {
			sweep.Go(func() {
				answer, err := client.ClientCredentials(t.Context(), limited, credentials(nil), "")
				if err != nil || !answer.IssuedAt.Equal(time.Now()) {
					t.Errorf("got issued at %v and error %v, want now: the wait is not the token's age", answer.IssuedAt, err)
				}
			})
		}
		sweep.Wait()
		if got, want := time.Since(started), 6*time.Second; got != want {
			t.Errorf("4 requests took %v, want %v", got, want)
		}
		started = time.Now()
		if _, err := client.ClientCredentials(t.Context(), faster, credentials(nil), ""); err != nil || time.Since(started) != 0 {
			t.Errorf("a client with another rate waited %v, error %v", time.Since(started), err)
		}
	})
}

func TestRequestsPerSecondLeavesNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		idp := serving(http.StatusOK, goodAnswer)
		client, p := newClient(t, idp), parse(t, inline(`"requests_per_second":0.01`))
		if _, err := client.ClientCredentials(t.Context(), p, credentials(nil), ""); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		started := time.Now()
		_, err := client.ClientCredentials(ctx, p, credentials(nil), "")
		if found := classified(t, err); found.Class != oauth.ClassThrottled || found.Timeout || time.Since(started) != 0 {
			t.Errorf("got %#v after %v, want it throttled at once", found, time.Since(started))
		}
		if len(idp.sent()) != 1 {
			t.Errorf("got %d requests, want 1", len(idp.sent()))
		}
	})
}
