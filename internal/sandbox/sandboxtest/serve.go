// Package sandboxtest is what the tests of the emulators of AWS services share:
// a clock, a server with the settings of an SDK client for it, comparisons of
// errors, a session with the aws command line, and a process that is killed
// while it writes.
//
// It is for tests only, and knows no service: calls, and what they should do,
// are left to the emulators' own tests.
package sandboxtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// A Clock is time that only a test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins on 2026-03-01 at noon, UTC.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the time on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A Server is an emulator with state.
type Server interface {
	http.Handler
	io.Closer
}

// Serve runs a server that was opened, or was not, on a free port of 127.0.0.1
// until the test ends, closes it then, and returns its URL.
func Serve[S Server](t testing.TB, server S, err error) (endpoint string) {
	t.Helper()
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return listener.URL
}

// Config is for clients of the SDK, without retries: tests look at single
// answers.
func Config(endpoint string) aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(endpoint),
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// Request is a call of the AWS JSON protocol, with what an emulator looks at.
func Request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	return r
}
