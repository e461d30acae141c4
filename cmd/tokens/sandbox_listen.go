package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"token-refresher/internal/loopback"
)

const (
	headerTimeout   = 10 * time.Second // of a request to any of the sandbox's servers
	shutdownTimeout = 2 * time.Second  // for requests that are being answered at the end
)

// service is one address that the sandbox answers at.
type service struct {
	listener net.Listener
	handler  http.Handler
}

// listen takes an address, and names the flag to use if it is taken.
func listen(flag, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address) //nolint:noctx // ends at once: a loopback address needs no look-up
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use: stop what listens there, or choose another address with %s", address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return listener, nil
}

// baseURL is how the address is written in a browser: by the name that the flag
// gave, since a page's site is its name, and by the port that was taken.
func baseURL(address string, listener net.Listener) string {
	host, _, _ := net.SplitHostPort(address)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "http://" + net.JoinHostPort(host, port)
}

// serve answers, by names of this machine only, until ctx ends, and returns
// when every request has ended.
func (s service) serve(ctx context.Context, log *slog.Logger) error {
	server := &http.Server{
		Handler:           loopback.Only(s.handler),
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		// What hangs on purpose and what streams for ever ends with the sandbox.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(ending), server.Close())
	})
	err := server.Serve(s.listener)
	if stop() { // ctx has not ended: the server failed by itself
		return fmt.Errorf("serve %s: %w", s.listener.Addr(), err)
	}
	if err := <-stopped; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop %s: %w", s.listener.Addr(), err)
	}
	return nil
}
