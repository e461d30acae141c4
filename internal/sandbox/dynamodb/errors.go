package dynamodb

import (
	"fmt"
	"net/http"

	"token-refresher/internal/sandbox/awsjson"
)

// Error types of the service, and of the layers in front of it; see also awsjson.
const (
	typeConditionFailed = "ConditionalCheckFailedException"
	typeInternal        = "InternalServerError"
	typeInUse           = "ResourceInUseException"
	typeNotFound        = "ResourceNotFoundException"
	typeUnavailable     = "ServiceUnavailable"
	typeValidation      = "ValidationException"
)

// failure is the body of an answer to an error.
type failure struct {
	Type    string `json:"__type"`
	Item    item   `json:",omitempty"` // what stood there when a condition failed, if it was asked for
	Message string `json:"message"`
}

// failureOf is how the service answers an error, whose detail may be an item.
func failureOf(_ http.Header, e *awsjson.Error) (status int, body any) {
	standing, _ := e.Detail.(item)
	return statusOf(e.Type), failure{Type: qualified(e.Type), Item: standing, Message: e.Message}
}

// statusOf is 400 for everything a client did ("Error handling with DynamoDB" in
// the developer guide).
func statusOf(kind string) int {
	switch kind {
	case typeInternal:
		return http.StatusInternalServerError
	case typeUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}

// qualified is the type with the name space that it has on the wire.
func qualified(kind string) string {
	switch kind {
	case typeValidation:
		return "com.amazon.coral.validate#" + kind
	case awsjson.TypeSerialization, awsjson.TypeUnknownOperation, typeUnavailable, "AccessDeniedException":
		return "com.amazon.coral.service#" + kind
	default:
		return "com.amazonaws.dynamodb.v20120810#" + kind
	}
}

// invalid refuses what AWS refuses, in its words where they are public.
func invalid(format string, args ...any) *awsjson.Error {
	return awsjson.Refuse(typeValidation, format, args...)
}

// notEmulated refuses what AWS would do and this package does not.
func notEmulated(format string, args ...any) *awsjson.Error {
	return invalid("This emulator does not know %s.", fmt.Sprintf(format, args...))
}
