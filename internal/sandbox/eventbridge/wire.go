package eventbridge

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

const (
	targetHeader = "X-Amz-Target"
	targetPrefix = "AWSEvents."
	contentType  = "application/x-amz-json-1.1"

	// maxBody holds the largest request, escaped as badly as JSON allows.
	maxBody = 8 * maxSize
)

// An apiError is an answer other than success.
type apiError struct{ Type, Message string }

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

func invalid(message string) *apiError { return &apiError{"ValidationException", message} }

// Claims reports whether the request is addressed to EventBridge, for a port
// that several services share.
func Claims(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get(targetHeader), targetPrefix)
}

// ServeHTTP answers one call of the AWS JSON 1.1 protocol.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.answer(w, r)
	status := http.StatusOK
	if err != nil {
		api, ok := errors.AsType[*apiError](err)
		if !ok {
			api = &apiError{"SerializationException", "the request body is not what the operation takes"}
		}
		status, answer = http.StatusBadRequest, map[string]string{"__type": api.Type, "message": api.Message}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"__type":"InternalException"}`)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", rand.Text())
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails, and nobody is left to tell
}

func (s *Sink) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodPost || r.Header.Get(targetHeader) != targetPrefix+"PutEvents" {
		return nil, &apiError{"UnknownOperationException", "This emulator knows PutEvents only."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	var in putRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	return s.putEvents(in)
}
