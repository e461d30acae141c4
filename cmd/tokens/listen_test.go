package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestServeEndsWhatHangs: a provider told to hang and a page that streams end
// with the sandbox, not with their clients.
func TestServeEndsWhatHangs(t *testing.T) {
	t.Parallel()
	listener, err := listen("--page", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{})
	hanging := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- service{listener: listener, handler: hanging}.serve(ctx, slog.New(slog.DiscardHandler))
	}()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		client := http.Client{Timeout: patience}
		if response, err := client.Get(baseURL("127.0.0.1:0", listener)); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-reached
	began := time.Now()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("serve: got %v, want nil", err)
	}
	if took := time.Since(began); took >= shutdownTimeout {
		t.Errorf("serve ended after %s, want at once", took)
	}
	<-answered
}

func TestServeTellsOfAServerThatFails(t *testing.T) {
	t.Parallel()
	listener, err := listen("--page", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	err = service{listener: listener, handler: http.NotFoundHandler()}.serve(t.Context(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), listener.Addr().String()) {
		t.Errorf("serve: got %v, want an error that names the address", err)
	}
}

func TestBaseURLKeepsTheName(t *testing.T) {
	t.Parallel()
	listener, err := listen("--provider", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	got := baseURL("localhost:0", listener)
	if !strings.HasPrefix(got, "http://localhost:") || strings.HasSuffix(got, ":0") {
		t.Errorf("URL: got %s, want http://localhost with the port that was taken", got)
	}
}
