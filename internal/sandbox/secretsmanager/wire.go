package secretsmanager

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"token-refresher/internal/sandbox/awsjson"
)

const (
	target = "secretsmanager."

	// maxBody holds the largest value, escaped as badly as JSON allows.
	maxBody = 1 << 20
)

// Claims reports whether the request is addressed to Secrets Manager, for a
// port that several services share.
func Claims(r *http.Request) bool { return awsjson.Claims(r, target) }

// ServeHTTP answers one call of the AWS JSON 1.1 protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	awsjson.Service{
		Target: target, Version: "1.1", MaxBody: maxBody, RequestID: newUUID,
		Internal: awsjson.Error{Type: typeInternal, Message: "An error occurred on the server side."},
		Failure:  failureOf,
	}.Serve(w, r, s.call)
}

// decode reads one request. Unknown fields are ignored, as AWS does.
func decode[T any](body []byte) (T, error) {
	var request T
	if len(bytes.TrimSpace(body)) == 0 {
		return request, nil
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return request, awsjson.Malformed()
	}
	return request, nil
}

// newUUID is a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
