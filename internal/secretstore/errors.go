package secretstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"token-refresher/internal/token"
)

// What a call may fail with beside the errors of package token. They are told
// apart with errors.Is.
var (
	// ErrQuota: a quota is used up; for a put, that of a secret's versions, of
	// which none younger than 24 hours is removed. Trying again soon is in vain.
	ErrQuota = errors.New("quota exceeded")
	// ErrThrottled: the account's call rate was exceeded, also after retries, or
	// our own write limit left no slot before the context's deadline.
	ErrThrottled = errors.New("too many calls")
	// ErrDenied: the role may not do this, or may not use the secret's KMS key.
	ErrDenied = errors.New("access denied")
)

// The error codes that mean something to us (API reference, Errors of each call
// and Common Error Types). Results of BatchGetSecretValue carry them as text, so
// codes are compared and not the SDK's error types.
const (
	codeDenied            = "AccessDeniedException"
	codeDecryptionFailure = "DecryptionFailure"
	codeExists            = "ResourceExistsException"
	codeInvalidParameter  = "InvalidParameterException"
	codeInvalidRequest    = "InvalidRequestException"
	codeNotFound          = "ResourceNotFoundException"
	codeQuota             = "LimitExceededException"
)

// secretError names the secret and says what an error of Secrets Manager means.
// AWS's message is kept: it names parameters and resources, not values.
func secretError(name string, err error) error {
	return callError("secret "+name, err)
}

// callError is secretError for calls that concern more than one secret.
func callError(doing string, err error) error {
	if meaning := meaningOf(err); meaning != nil {
		return fmt.Errorf("%s: %w: %w", doing, meaning, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// meaningOf is the sentinel for an error of Secrets Manager, or nil. The SDK
// counts the version quota as throttling, so it is looked at first.
func meaningOf(err error) error {
	switch code := codeOf(err); code {
	case "":
		return nil
	case codeQuota:
		return ErrQuota
	case codeNotFound:
		return token.ErrNotFound
	case codeExists:
		return token.ErrConflict
	case codeDenied:
		return ErrDenied
	default:
		if _, throttled := retry.DefaultThrottleErrorCodes[code]; throttled {
			return ErrThrottled
		}
		return nil
	}
}

// codeOf is the error code of an answer of AWS, or "" if err is none.
func codeOf(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// withoutValue guards against a message that repeats what was sent, as AWS's
// validation of parameters can: only the error's code is left of it.
func withoutValue(err error, hidden []token.Secret) error {
	code := codeOf(err)
	if code == "" {
		return err
	}
	repeated := slices.ContainsFunc(hidden, func(secret token.Secret) bool {
		return !secret.Empty() && strings.Contains(err.Error(), secret.Reveal())
	})
	if !repeated {
		return err
	}
	return &smithy.GenericAPIError{Code: code, Message: "(message withheld: it repeats the value)"}
}
