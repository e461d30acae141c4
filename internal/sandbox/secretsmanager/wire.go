package secretsmanager

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	targetHeader = "X-Amz-Target"
	targetPrefix = "secretsmanager."
	contentType  = "application/x-amz-json-1.1"

	// maxBody holds the largest value, escaped as badly as JSON allows.
	maxBody = 1 << 20
)

// Claims reports whether the request is addressed to Secrets Manager, for a
// port that several services share.
func Claims(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get(targetHeader), targetPrefix)
}

// ServeHTTP answers one call of the AWS JSON 1.1 protocol.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !Claims(r) {
		writeError(w, refuse(typeUnknownOperation, ""))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, refuse(typeSerialization, "the request body could not be read"))
		return
	}
	answer, err := s.call(strings.TrimPrefix(r.Header.Get(targetHeader), targetPrefix), body)
	if errors.Is(err, errAnswerLost) {
		panic(http.ErrAbortHandler) // net/http closes the connection without an answer
	}
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// decode reads one request. Unknown fields are ignored, as AWS does.
func decode[T any](body []byte) (T, error) {
	var request T
	if len(bytes.TrimSpace(body)) == 0 {
		return request, nil
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return request, refuse(typeSerialization, "the request body is not what the operation takes")
	}
	return request, nil
}

func writeError(w http.ResponseWriter, err error) {
	api, ok := errors.AsType[*apiError](err)
	if !ok {
		api = refuse(typeInternal, "An error occurred on the server side.")
	}
	w.Header().Set("X-Amzn-Errortype", api.Type)
	writeJSON(w, api.status(), map[string]string{"__type": api.Type, api.messageKey(): api.Message})
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"__type":"`+typeInternal+`"}`)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", newUUID())
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails, and nobody is left to tell
}

// newUUID is a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// epoch is a time as the protocol writes it: seconds since 1970 with
// milliseconds. The zero time is left out by omitzero.
type epoch struct{ time.Time }

// MarshalJSON writes the number.
func (e epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e.UnixMilli())/1000, 'f', 3, 64), nil
}
