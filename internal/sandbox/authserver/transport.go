package authserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"syscall"
)

// Transport returns an http.RoundTripper that calls h in memory, without a
// socket, so that a client can be tested inside a testing/synctest bubble. The
// handler runs in a goroutine of its own; its response arrives when the first
// bytes do, and the body as it is written. Everything waits on channels only.
//
// When the request's context ends or the body is closed, the handler's context
// ends. A handler that panics with http.ErrAbortHandler is a connection reset
// to the client (syscall.ECONNRESET). There is one response for a request, and
// no HTTP/2, no trailers, no hijacking.
func Transport(h http.Handler) http.RoundTripper { return memory{h} }

type memory struct{ handler http.Handler }

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := drain(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	reader, writer := io.Pipe()
	context.AfterFunc(ctx, func() { _ = writer.CloseWithError(context.Cause(ctx)) })
	e := &exchange{header: http.Header{}, started: make(chan *http.Response, 1), writer: writer, request: r}
	e.body = &responseBody{PipeReader: reader, cancel: cancel}
	go e.serve(m.handler, serverRequest(ctx, r, body), cancel)
	select {
	case response := <-e.started:
		return response, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// exchange is one request and its response; it is the handler's
// http.ResponseWriter.
type exchange struct {
	header  http.Header
	once    sync.Once
	started chan *http.Response
	writer  *io.PipeWriter
	body    *responseBody
	request *http.Request
}

// serve runs the handler and ends the response as it ended.
func (e *exchange) serve(h http.Handler, r *http.Request, cancel context.CancelCauseFunc) {
	defer func() {
		failure := recover()
		gaveUp := context.Cause(r.Context())
		switch {
		case failure != nil && !isAbort(failure):
			panic(failure)
		case gaveUp != nil: // the client's reason comes before the handler's
			_ = e.writer.CloseWithError(gaveUp)
		case failure != nil:
			_ = e.writer.CloseWithError(syscall.ECONNRESET)
			cancel(fmt.Errorf("in memory: %w", syscall.ECONNRESET))
		default:
			e.WriteHeader(http.StatusOK)
			_ = e.writer.Close()
		}
	}()
	h.ServeHTTP(e, r)
}

func isAbort(failure any) bool {
	err, isError := failure.(error)
	return isError && errors.Is(err, http.ErrAbortHandler)
}

// Header implements http.ResponseWriter.
func (e *exchange) Header() http.Header { return e.header }

// WriteHeader implements http.ResponseWriter; only the first call counts.
func (e *exchange) WriteHeader(status int) {
	e.once.Do(func() {
		e.started <- &http.Response{
			Status:        fmt.Sprintf("%d %s", status, http.StatusText(status)),
			StatusCode:    status,
			Proto:         "HTTP/1.1",
			ProtoMajor:    1,
			ProtoMinor:    1,
			Header:        e.header.Clone(),
			Body:          e.body,
			ContentLength: -1,
			Request:       e.request,
		}
	})
}

// Write implements http.ResponseWriter. It waits until the client has read.
func (e *exchange) Write(b []byte) (int, error) {
	e.WriteHeader(http.StatusOK)
	return e.writer.Write(b)
}

// Flush implements http.Flusher; nothing is ever kept back.
func (e *exchange) Flush() { e.WriteHeader(http.StatusOK) }

// responseBody ends the handler's context when the client closes it.
type responseBody struct {
	*io.PipeReader
	cancel context.CancelCauseFunc
}

// Close implements io.Closer.
func (b *responseBody) Close() error {
	err := b.PipeReader.Close()
	b.cancel(context.Canceled)
	return err
}

// drain reads and closes the request's body, as a RoundTripper must.
func drain(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if closeErr := r.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("in memory: read the request body: %w", err)
	}
	return body, nil
}

// serverRequest is the request as a server sees it.
func serverRequest(ctx context.Context, r *http.Request, body []byte) *http.Request {
	in := r.Clone(ctx)
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "in-memory"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	return in
}
