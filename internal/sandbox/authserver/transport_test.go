package authserver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/sandbox/authserver"
)

// A hang must be durably blocking, or time in the bubble would not move on.
func TestHangInABubbleEndsAtTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newFaulty(t, authserver.Fault{Kind: authserver.Hang})
		client := &http.Client{Transport: authserver.Transport(server), Timeout: 20 * time.Second}
		start := time.Now()
		response, err := client.Do(integratorRequest(t.Context(), authserver.DefaultURL))
		if err == nil {
			_ = response.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error: got %v, want a timeout", err)
		}
		if got := time.Since(start); got != 20*time.Second {
			t.Errorf("took %v, want 20s", got)
		}
		synctest.Wait()
		if now, most := server.InFlight(); now != 0 || most != 1 {
			t.Errorf("in flight: got %d now and %d at most, want 0 and 1", now, most)
		}
	})
}

func TestSlowDripInABubble(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		timeout time.Duration
		wantErr error
	}{
		{"patient client", time.Hour, nil},
		{"client with a timeout", 20 * time.Second, context.DeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := newFaulty(t, authserver.Fault{Kind: authserver.SlowDrip})
				client := &http.Client{Transport: authserver.Transport(server), Timeout: test.timeout}
				start := time.Now()
				response, err := client.Do(integratorRequest(t.Context(), authserver.DefaultURL))
				if err != nil {
					t.Fatalf("the head of the answer did not arrive: %v", err)
				}
				defer func() { _ = response.Body.Close() }()
				body, err := io.ReadAll(response.Body)
				if !errors.Is(err, test.wantErr) {
					t.Errorf("error: got %v, want %v", err, test.wantErr)
				}
				if test.wantErr == nil {
					accessToken(t, body)
				}
				if got, want := time.Since(start), min(test.timeout, time.Duration(len(body))*time.Second); got != want {
					t.Errorf("took %v for %d bytes, want %v", got, len(body), want)
				}
			})
		})
	}
}

func TestClosingTheBodyEndsTheHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		transport := authserver.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			<-r.Context().Done()
			_, err := w.Write([]byte("too late"))
			ended <- err
		}))
		response, err := transport.RoundTrip(integratorRequest(t.Context(), authserver.DefaultURL))
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusAccepted {
			t.Errorf("status: got %d, want 202", response.StatusCode)
		}
		if err := response.Body.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-ended; err == nil {
			t.Error("the handler could write to a body that was closed")
		}
	})
}

func TestReadingAfterTheContextEndedGivesItsReason(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(){
		"handler returns": func() {},
		"handler aborts":  func() { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := authserver.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusOK)
					<-r.Context().Done()
					end()
				}))
				ctx, cancel := context.WithCancel(t.Context())
				response, err := transport.RoundTrip(integratorRequest(ctx, authserver.DefaultURL))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = response.Body.Close() }()
				cancel()
				synctest.Wait()
				if _, err := io.ReadAll(response.Body); !errors.Is(err, context.Canceled) {
					t.Errorf("error: got %v, want %v", err, context.Canceled)
				}
			})
		})
	}
}

func TestTransportShowsTheHandlerAServerRequest(t *testing.T) {
	t.Parallel()
	transport := authserver.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, strings.Join([]string{r.Method, r.Host, r.RequestURI, string(body)}, " "))
	}))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:9400/a?b=c", strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := "POST localhost:9400 /a?b=c text"; string(got) != want {
		t.Errorf("the handler saw %q, want %q", got, want)
	}
}

func TestMostInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newFaulty(t, authserver.Fault{Kind: authserver.Hang})
		client := &http.Client{Transport: authserver.Transport(server), Timeout: time.Second}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				response, err := client.Do(integratorRequest(t.Context(), authserver.DefaultURL))
				if err == nil {
					_ = response.Body.Close()
				}
			})
		}
		synctest.Wait()
		if now, _ := server.InFlight(); now != 5 {
			t.Errorf("in flight while all hang: got %d, want 5", now)
		}
		all.Wait()
		synctest.Wait()
		if now, most := server.InFlight(); now != 0 || most != 5 {
			t.Errorf("in flight: got %d now and %d at most, want 0 and 5", now, most)
		}
	})
}
