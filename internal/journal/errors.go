package journal

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// What a call may fail with beside the errors of packages token and seal. They
// are told apart with errors.Is.
var (
	// ErrThrottled: the table's or the account's rate was exceeded, also after
	// retries.
	ErrThrottled = errors.New("too many calls")
	// ErrDenied: the role may not do this, or may not use the table's KMS key.
	ErrDenied = errors.New("access denied")
	// ErrNoTable: there is no such table, which is not to be taken for a missing
	// entry.
	ErrNoTable = errors.New("the journal's table does not exist")
)

// callError says what was being done and what an error of DynamoDB means (API
// reference, Errors of each call and Common Error Types).
func callError(doing string, err error) error {
	if meaning := meaningOf(err); meaning != nil {
		return fmt.Errorf("%s: %w: %w", doing, meaning, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// meaningOf is the sentinel for an error of DynamoDB, or nil.
func meaningOf(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return nil
	}
	switch code := api.ErrorCode(); code {
	case "AccessDeniedException":
		return ErrDenied
	case "ResourceNotFoundException":
		return ErrNoTable
	default:
		if _, throttled := retry.DefaultThrottleErrorCodes[code]; throttled {
			return ErrThrottled
		}
		return nil
	}
}
