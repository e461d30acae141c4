package secretstore

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// NewClient makes the client that Config.Client takes, from the settings that
// all AWS clients of an instance share. It makes no call.
func NewClient(config aws.Config) *secretsmanager.Client {
	return secretsmanager.NewFromConfig(config)
}
