package secretsmanager

import (
	"net/http"

	"token-refresher/internal/sandbox/awsjson"
)

// Error types of the service, and of the layer in front of it; see also awsjson.
const (
	typeInternal         = "InternalServiceError"
	typeInvalidNextToken = "InvalidNextTokenException"
	typeInvalidParameter = "InvalidParameterException"
	typeInvalidRequest   = "InvalidRequestException"
	typeLimitExceeded    = "LimitExceededException"
	typeNotFound         = "ResourceNotFoundException"
	typeExists           = "ResourceExistsException"
	typeThrottling       = "ThrottlingException"
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

// failureOf is how the service answers an error: with 400 for everything a
// client did.
func failureOf(header http.Header, e *awsjson.Error) (status int, body any) {
	header.Set("X-Amzn-Errortype", e.Type)
	status = http.StatusBadRequest
	if e.Type == typeInternal {
		status = http.StatusInternalServerError
	}
	return status, map[string]string{"__type": e.Type, messageKey(e.Type): e.Message}
}

// messageKey is where clients look for the text: the service's own errors have
// "Message", those of the layer in front of it "message".
func messageKey(kind string) string {
	switch kind {
	case awsjson.TypeSerialization, awsjson.TypeUnknownOperation, typeThrottling, typeValidation:
		return "message"
	default:
		return "Message"
	}
}
