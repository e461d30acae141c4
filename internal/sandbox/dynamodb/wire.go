package dynamodb

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	targetHeader = "X-Amz-Target"
	targetPrefix = "DynamoDB_20120810."
	contentType  = "application/x-amz-json-1.0"

	// maxBody is what AWS takes as one request.
	maxBody = 16 << 20
)

// Claims reports whether the request is addressed to DynamoDB, for a port that
// several services share.
func Claims(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get(targetHeader), targetPrefix)
}

// ServeHTTP answers one call of the AWS JSON 1.0 protocol.
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
	if api, ok := errors.AsType[*apiError](err); ok {
		return request, api
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return request, notEmulated("the parameter %s", field)
	}
	return request, refuse(typeSerialization, "the request body is not what the operation takes")
}

// failure is the answer of an error.
type failure struct {
	Type    string `json:"__type"`
	Item    item   `json:",omitempty"`
	Message string `json:"message"`
}

func writeError(w http.ResponseWriter, err error) {
	api, ok := errors.AsType[*apiError](err)
	if !ok {
		api = refuse(typeInternal, "The request could not be processed because of an internal error.")
	}
	writeJSON(w, api.status(), failure{Type: api.qualified(), Item: api.Item, Message: api.Message})
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"__type":"`+typeInternal+`"}`)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", rand.Text())
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails, and nobody is left to tell
}

// epoch is a time as the protocol writes it: seconds since 1970 with
// milliseconds.
type epoch struct{ time.Time }

// MarshalJSON writes the number.
func (e epoch) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e.UnixMilli())/1000, 'f', 3, 64), nil
}
