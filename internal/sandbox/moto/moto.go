// Package moto starts moto_server, an emulator of AWS written by others, for
// tests that hold our own emulator and our use of AWS against a second opinion.
//
// It owns the process, the order in which it is asked and the list of what moto
// does differently from AWS ([Deviations]). It is for tests only, and needs
// moto_server on the PATH.
package moto

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	command = "moto_server"

	// startTimeout is long: Python loads slowly on a busy machine.
	startTimeout = 2 * time.Minute
	pollInterval = 50 * time.Millisecond
	pollTimeout  = 10 * time.Second

	// attempts: a free port can be taken by another process before moto binds it.
	attempts = 3
)

// Start runs moto_server on a free port of 127.0.0.1, waits until it answers,
// and stops it when the test ends. It returns the endpoint, without a slash at
// its end. Where moto_server is not installed it skips the test, and fails it if
// the environment says CI=true.
func Start(t testing.TB) (endpoint string) {
	t.Helper()
	path, err := exec.LookPath(command)
	if err != nil {
		Missing(t, command)
	}
	for range attempts {
		address := freeAddress(t)
		if serve(t, path, address) {
			return oneByOne(t, address)
		}
	}
	t.Fatalf("%s did not start in %d attempts", command, attempts)
	return ""
}

// oneByOne serves what stands at the address, one request after the other. moto
// answers each in a thread of its own, checks a condition and writes in two
// steps, and locks nothing: of two conditional writes at once, both may win.
func oneByOne(t testing.TB, address string) (endpoint string) {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	proxy.ErrorLog = log.New(io.Discard, "", 0) // the client sees what failed
	var turn sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn.Lock()
		defer turn.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Environ is the environment for a program of AWS's world that a test starts:
// this process's, without what its user has set for AWS, and without proxies.
func Environ() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(strings.ToUpper(variable), "=")
		return strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "MOTO_") || strings.HasSuffix(name, "_PROXY")
	})
}

// Missing ends a test that needs a program which is not installed: it fails
// where CI=true, and elsewhere is skipped with a line that says so.
func Missing(t testing.TB, program string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and CI must not go without it", program)
	}
	t.Skipf("SKIPPED: %s is not installed", program)
}

// serve starts one process and reports whether it came to answer.
func serve(t testing.TB, path, address string) bool {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatalf("address %q: %v", address, err)
	}
	cmd := exec.Command(path, "-H", host, "-p", port)
	cmd.Env = Environ()
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", command, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed, or told by the exit before it was ready
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		<-ended
	})
	return ready(t, "http://"+address, ended)
}

// ready polls until the server answers, the process ends, or time is up.
func ready(t testing.TB, endpoint string, ended <-chan struct{}) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return false
		case <-ctx.Done():
			t.Fatalf("%s did not answer within %v", command, startTimeout)
		case <-tick.C:
			if probe(ctx, endpoint) == nil {
				return true
			}
		}
	}
}

func probe(ctx context.Context, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/moto-api/", http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	return nil
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("finding a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().String()
}
