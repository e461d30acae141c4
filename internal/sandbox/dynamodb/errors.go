package dynamodb

import (
	"fmt"
	"net/http"
)

// Error types of the service, and of the layers in front of it.
const (
	typeConditionFailed  = "ConditionalCheckFailedException"
	typeInternal         = "InternalServerError"
	typeInUse            = "ResourceInUseException"
	typeNotFound         = "ResourceNotFoundException"
	typeSerialization    = "SerializationException"
	typeUnavailable      = "ServiceUnavailable"
	typeUnknownOperation = "UnknownOperationException"
	typeValidation       = "ValidationException"
)

// An apiError is an answer other than success. Its text never holds the value of
// an attribute.
type apiError struct {
	Type    string
	Message string
	Item    item // what stood there when a condition failed, if it was asked for
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

// status is 400 for everything a client did ("Error handling with DynamoDB" in
// the developer guide).
func (e *apiError) status() int {
	switch e.Type {
	case typeInternal:
		return http.StatusInternalServerError
	case typeUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// qualified is the type with the name space that it has on the wire.
func (e *apiError) qualified() string {
	switch e.Type {
	case typeValidation:
		return "com.amazon.coral.validate#" + e.Type
	case typeSerialization, typeUnknownOperation, typeUnavailable, "AccessDeniedException":
		return "com.amazon.coral.service#" + e.Type
	default:
		return "com.amazonaws.dynamodb.v20120810#" + e.Type
	}
}

func refuse(kind, format string, args ...any) *apiError {
	return &apiError{Type: kind, Message: fmt.Sprintf(format, args...)}
}

// invalid refuses what AWS refuses, in its words where they are public.
func invalid(format string, args ...any) *apiError { return refuse(typeValidation, format, args...) }

// notEmulated refuses what AWS would do and this package does not.
func notEmulated(format string, args ...any) *apiError {
	return invalid("This emulator does not know %s.", fmt.Sprintf(format, args...))
}
