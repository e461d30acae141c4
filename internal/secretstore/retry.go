package secretstore

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// quotaIsFinal retries as the client's own retryer does, except for a used-up
// quota, which the SDK takes for throttling: waiting seconds does not help, and
// each try costs one of the account's writes.
type quotaIsFinal struct{ aws.RetryerV2 }

// IsErrorRetryable implements aws.Retryer.
func (r quotaIsFinal) IsErrorRetryable(err error) bool {
	return codeOf(err) != codeQuota && r.RetryerV2.IsErrorRetryable(err)
}

// finalQuota is an option of single calls, so that a Store does not depend on
// how its client was made. Every retryer of the SDK is a RetryerV2.
func finalQuota(o *secretsmanager.Options) {
	if retryer, ok := o.Retryer.(aws.RetryerV2); ok {
		o.Retryer = quotaIsFinal{retryer}
	}
}
