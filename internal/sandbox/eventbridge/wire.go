package eventbridge

import (
	"crypto/rand"
	"encoding/json"
	"net/http"

	"token-refresher/internal/sandbox/awsjson"
)

const (
	target = "AWSEvents."

	// maxBody holds the largest request, escaped as badly as JSON allows.
	maxBody = 8 * maxSize
)

func invalid(message string) *awsjson.Error {
	return &awsjson.Error{Type: "ValidationException", Message: message}
}

// Claims reports whether the request is addressed to EventBridge, for a port
// that several services share.
func Claims(r *http.Request) bool { return awsjson.Claims(r, target) }

// ServeHTTP answers one call of the AWS JSON 1.1 protocol.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service := awsjson.Service{
		Target: target, Version: "1.1", MaxBody: maxBody, RequestID: rand.Text,
		Unknown:  "This emulator knows PutEvents only.",
		Internal: awsjson.Error{Type: "InternalException"},
		Failure: func(_ http.Header, e *awsjson.Error) (status int, body any) {
			return http.StatusBadRequest, map[string]string{"__type": e.Type, "message": e.Message}
		},
	}
	service.Serve(w, r, func(operation string, body []byte) (any, error) {
		if operation != "PutEvents" {
			return nil, service.UnknownOperation()
		}
		var in putRequest
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, awsjson.Malformed()
		}
		return s.putEvents(in)
	})
}
