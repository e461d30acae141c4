package secretsmanager

import (
	"fmt"
	"net/http"
)

// Error types of the service, and of the layer in front of it.
const (
	typeInternal         = "InternalServiceError"
	typeInvalidNextToken = "InvalidNextTokenException"
	typeInvalidParameter = "InvalidParameterException"
	typeInvalidRequest   = "InvalidRequestException"
	typeLimitExceeded    = "LimitExceededException"
	typeNotFound         = "ResourceNotFoundException"
	typeExists           = "ResourceExistsException"
	typeSerialization    = "SerializationException"
	typeThrottling       = "ThrottlingException"
	typeUnknownOperation = "UnknownOperationException"
	typeValidation       = "ValidationException"
)

// Texts as AWS writes them, where they are public.
const (
	textMarked         = "You can't perform this operation on the secret because it was marked for deletion."
	textScheduled      = "You can't create this secret because a secret with this name is already scheduled for deletion."
	textNoSecret       = "Secrets Manager can't find the specified secret."
	textNoVersion      = "Secrets Manager can't find the specified secret version."
	textStageMismatch  = "You provided a VersionStage that is not associated to the provided VersionId."
	textNoToken        = "You must provide a ClientRequestToken value. We recommend a UUID-type value."
	textBadName        = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
	textOneValue       = "You can't specify both a binary secret value and a string secret value in the same secret."
	textNoValue        = "You must provide either SecretString or SecretBinary."
	textCurrentStays   = "You can only move staging label AWSCURRENT to a different secret version. It can\u2019t be completely removed."
	textWindow         = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
	textWindowAndForce = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
	textBatchOne       = "Either 'SecretIdList' or 'Filters' must be provided, but not both."
	textBatchMax       = "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided."
	textRate           = "Rate exceeded"
)

// An apiError is an answer other than success. Its text never holds a value.
type apiError struct {
	Type    string
	Message string
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

// status is 400 for everything a client did, as in the service's other errors.
func (e *apiError) status() int {
	if e.Type == typeInternal {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// messageKey is where clients look for the text: the service's own errors have
// "Message", those of the layer in front of it "message".
func (e *apiError) messageKey() string {
	switch e.Type {
	case typeSerialization, typeThrottling, typeUnknownOperation, typeValidation:
		return "message"
	default:
		return "Message"
	}
}

func refuse(kind, format string, args ...any) *apiError {
	return &apiError{Type: kind, Message: fmt.Sprintf(format, args...)}
}
