// Package awsjson speaks the AWS JSON protocols 1.0 and 1.1 for the emulators of
// this sandbox: it reads a call, and writes its answer or its error.
//
// It owns what is the same for every service: how a call is addressed, how large
// it may be, the headers of an answer, the times in it, and the errors and lost
// answers that a [Fault] makes. What one service does in its own way, a
// [Service] says. Operations, and the types and texts of errors, are left to the
// emulators. Signatures are not looked at.
package awsjson

import (
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// targetHeader names the operation, behind the name of the service.
const targetHeader = "X-Amz-Target"

// A Service is what one service does in its own way. Every field that has no
// default is required.
type Service struct {
	// Target is what X-Amz-Target holds in front of the operation, with the dot
	// at its end.
	Target string

	// Version of the protocol: "1.0" or "1.1".
	Version string

	// MaxBody is the size of the largest request, in bytes.
	MaxBody int64

	// Unknown is the text of the error for what is no call of this service.
	// Default: none, as at AWS.
	Unknown string

	// RequestID makes the id of one answer.
	RequestID func() string

	// Checksum adds the CRC 32 of the body to every answer.
	Checksum bool

	// Internal is the answer to an error that is no [Error].
	Internal Error

	// Failure is the status and the body of an answer to an error. It may add to
	// the header.
	Failure func(header http.Header, e *Error) (status int, body any)
}

// A Call runs one operation with the body of its request. An error that is no
// [Error] is answered as the service's internal one, and for [ErrAnswerLost] the
// connection is closed.
type Call func(operation string, body []byte) (answer any, err error)

// Claims reports whether the request is addressed to the service with that
// [Service.Target].
func Claims(r *http.Request, target string) bool {
	return strings.HasPrefix(r.Header.Get(targetHeader), target)
}

// Serve answers one request with what call makes of it.
func (s Service) Serve(w http.ResponseWriter, r *http.Request, call Call) {
	answer, err := s.answer(w, r, call)
	if errors.Is(err, ErrAnswerLost) {
		panic(http.ErrAbortHandler) // net/http closes the connection without an answer
	}
	status := http.StatusOK
	if err != nil {
		status, answer = s.fail(w.Header(), err)
	}
	s.write(w, status, answer)
}

// UnknownOperation is the error for what is no call of the service.
func (s Service) UnknownOperation() *Error {
	return &Error{Type: TypeUnknownOperation, Message: s.Unknown}
}

func (s Service) answer(w http.ResponseWriter, r *http.Request, call Call) (any, error) {
	if r.Method != http.MethodPost || !Claims(r, s.Target) {
		return nil, s.UnknownOperation()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBody))
	if err != nil {
		return nil, Refuse(TypeSerialization, "the request body could not be read")
	}
	return call(strings.TrimPrefix(r.Header.Get(targetHeader), s.Target), body)
}

func (s Service) fail(header http.Header, err error) (status int, body any) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &s.Internal
	}
	return s.Failure(header, e)
}

func (s Service) write(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"__type":"`+s.Internal.Type+`"}`)
	}
	header := w.Header()
	header.Set("Content-Type", "application/x-amz-json-"+s.Version)
	header.Set("X-Amzn-Requestid", s.RequestID())
	if s.Checksum {
		header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails, and nobody is left to tell
}
