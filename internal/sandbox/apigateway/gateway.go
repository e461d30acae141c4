package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/sandbox/lambda"
)

// The limits of the service ("Quotas for configuring and running an HTTP API").
const (
	maxHeader   = 10240             // bytes of request line and headers
	maxBody     = (6 << 20) * 3 / 4 // bytes: Lambda takes 6 MB, and base64 needs four for three
	integration = 30 * time.Second  // what a function has
)

// Invoker runs functions; *lambda.Emulator is one.
type Invoker interface {
	Invoke(ctx context.Context, name string, payload []byte) (lambda.Result, error)
}

// Config is what the API is made of. All fields are required.
type Config struct {
	Lambda   Invoker
	Function string   // behind every route
	Routes   []string // keys such as "GET /consent"
}

func (c Config) check() error {
	if c.Lambda == nil || c.Function == "" || len(c.Routes) == 0 {
		return errors.New("apigateway: Lambda, Function and Routes are needed")
	}
	for _, route := range c.Routes {
		if method, path, ok := strings.Cut(route, " "); !ok || method == "" || !strings.HasPrefix(path, "/") {
			return errors.New("apigateway: a route is a method and a path, such as GET /consent")
		}
	}
	return nil
}

// Gateway is an HTTP API. It is safe for concurrent use.
type Gateway struct{ config Config }

// New makes a Gateway.
func New(c Config) (*Gateway, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Gateway{config: c}, nil
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route := r.Method + " " + r.URL.EscapedPath()
	if !slices.Contains(g.config.Routes, route) {
		refuse(w, http.StatusNotFound)
		return
	}
	if headerSize(r) > maxHeader {
		refuse(w, http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		refuse(w, http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest)
		return
	}
	g.forward(w, r, newEvent(r, route, body))
}

// forward invokes the function. Of what is wrong with it the caller learns
// nothing; it is in the function's log.
func (g *Gateway) forward(w http.ResponseWriter, r *http.Request, event event) {
	ctx, cancel := context.WithTimeout(r.Context(), integration)
	defer cancel()
	payload, err := json.Marshal(event)
	if err != nil {
		refuse(w, http.StatusBadRequest)
		return
	}
	w.Header().Set("Apigw-Requestid", event.RequestContext.RequestID)
	result, err := g.config.Lambda.Invoke(ctx, g.config.Function, payload)
	switch {
	case err != nil: // throttled, or not answered in time
		refuse(w, http.StatusServiceUnavailable)
	case result.FunctionError != "":
		refuse(w, http.StatusInternalServerError)
	default:
		respond(w, result.Payload)
	}
}

// headerSize is what the limit counts, as HTTP/1.1 writes it.
func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len("Host: ") + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(": ") + len(value)
		}
	}
	return size
}

// refuse answers as the service itself does.
func refuse(w http.ResponseWriter, status int) {
	message := http.StatusText(status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // the caller may be gone
}
