package dynamodb

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"token-refresher/internal/sandbox/awsjson"
)

const (
	target = "DynamoDB_20120810."

	// maxBody is what AWS takes as one request.
	maxBody = 16 << 20
)

// Claims reports whether the request is addressed to DynamoDB, for a port that
// several services share.
func Claims(r *http.Request) bool { return awsjson.Claims(r, target) }

// ServeHTTP answers one call of the AWS JSON 1.0 protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	awsjson.Service{
		Target: target, Version: "1.0", MaxBody: maxBody, RequestID: rand.Text, Checksum: true,
		Internal: awsjson.Error{Type: typeInternal, Message: "The request could not be processed because of an internal error."},
		Failure:  failureOf,
	}.Serve(w, r, s.call)
}

// decode reads one request. AWS would ignore a field that it does not know, or
// honour one that this package does not: neither goes unnoticed.
func decode[T any](body []byte) (T, error) {
	var request T
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&request)
	if err == nil {
		return request, nil
	}
	if api, ok := errors.AsType[*awsjson.Error](err); ok {
		return request, api
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return request, notEmulated("the parameter %s", field)
	}
	return request, awsjson.Malformed()
}
