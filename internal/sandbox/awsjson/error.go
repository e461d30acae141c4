package awsjson

import "fmt"

// Types of errors that come from the layer in front of every service.
const (
	TypeSerialization    = "SerializationException"
	TypeUnknownOperation = "UnknownOperationException"
)

// An Error is an answer other than success. Its text never holds a value that
// was sent to be kept.
type Error struct {
	Type    string // without a name space
	Message string

	// Detail is what else the answer holds, for [Service.Failure].
	Detail any
}

func (e *Error) Error() string { return e.Type + ": " + e.Message }

// Refuse is an error of that type and text.
func Refuse(kind, format string, args ...any) *Error {
	return &Error{Type: kind, Message: fmt.Sprintf(format, args...)}
}

// Malformed is the error of a body that cannot be decoded.
func Malformed() *Error {
	return Refuse(TypeSerialization, "the request body is not what the operation takes")
}
