package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"token-refresher/internal/app"
)

// payloadVersion is the form of event that is understood ("Create AWS Lambda
// proxy integrations for HTTP APIs" in the API Gateway developer guide).
const payloadVersion = "2.0"

// handler answers the function's events. It lives as long as the instance.
type handler struct {
	http http.Handler
	log  *slog.Logger
}

// build makes the handler of an instance.
func build(a *app.App) (any, error) {
	consent, err := a.Consent()
	if err != nil {
		return nil, err
	}
	return (&handler{http: consent, log: a.Log}).handle, nil
}

// handle serves one HTTP request. An error means that the event is none.
func (h *handler) handle(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	request, err := request(ctx, event)
	if err != nil {
		h.log.ErrorContext(ctx, "event refused", "error", err)
		return events.APIGatewayV2HTTPResponse{}, err
	}
	w := response{header: http.Header{}}
	h.http.ServeHTTP(&w, request)
	return w.event(), nil
}

// request is the HTTP request that an event tells of. Its body is decoded as it
// is read, so that whoever reads it also limits that.
func request(ctx context.Context, event events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	if event.Version != payloadVersion || event.RequestContext.HTTP.Method == "" {
		return nil, errors.New("the event is no request to an HTTP API, of payload version " + payloadVersion)
	}
	var body io.Reader = strings.NewReader(event.Body)
	if event.IsBase64Encoded {
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	r, err := http.NewRequestWithContext(ctx, event.RequestContext.HTTP.Method, "/", body)
	if err != nil {
		return nil, errors.New("the event names no method of HTTP")
	}
	r.URL = &url.URL{Path: event.RawPath, RawQuery: event.RawQueryString}
	for name, value := range event.Headers {
		r.Header.Set(name, value)
	}
	if len(event.Cookies) > 0 { // API Gateway splits them off
		r.Header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	return r, nil
}
