package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// How AWS is called. One attempt has its own end, so that a connection that
// died in silence is left for the next attempt; what all attempts of a call may
// take is secretstore's to say.
const (
	awsDialTimeout    = 2 * time.Second
	awsAttemptTimeout = 4 * time.Second
	awsAttempts       = 4
	awsMaxBackoff     = time.Second
	awsIdleTimeout    = 30 * time.Second // a connection that slept while the instance was frozen is not used again
)

// loadAWS builds what every AWS client of the instance is made from, by the
// SDK's own chain. It makes no call.
func loadAWS(ctx context.Context, connections int, found faults) aws.Config {
	client := awshttp.NewBuildableClient().
		WithTimeout(awsAttemptTimeout).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = awsDialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = connections
			t.IdleConnTimeout = awsIdleTimeout
		})
	config, err := awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithHTTPClient(client),
		awsconfig.WithLogger(logging.Nop{}), // what goes wrong is in the error; its lines are no JSON
		awsconfig.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = awsAttempts
				o.MaxBackoff = awsMaxBackoff
			})
		}))
	switch {
	case err != nil:
		found.add("AWS configuration", err.Error())
	case config.Region == "":
		found.add("AWS_REGION", "is not set")
	}
	return config
}

// Identify finds what calls to AWS are signed with. A function has it from
// Lambda; a person may have to say which.
func Identify(ctx context.Context, config aws.Config) (aws.Credentials, error) {
	credentials, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf(
			"find AWS credentials (set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which may be anything for the sandbox): %w", err)
	}
	return credentials, nil
}
