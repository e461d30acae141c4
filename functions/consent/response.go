package main

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// response is a http.ResponseWriter that becomes an answer to API Gateway. What
// is written is text.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(text []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(text)
}

// event is the answer. Cookies have a field of their own, since they must not be
// joined; of any other header the values are (RFC 9110 section 5.3).
func (w *response) event() events.APIGatewayV2HTTPResponse {
	w.WriteHeader(http.StatusOK)
	headers := map[string]string{}
	for name, values := range w.header {
		if name != "Set-Cookie" {
			headers[name] = strings.Join(values, ", ")
		}
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: w.status, Headers: headers, Body: w.body.String(), Cookies: w.header["Set-Cookie"],
	}
}
