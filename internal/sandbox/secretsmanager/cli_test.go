package secretsmanager_test

import (
	"testing"

	"token-refresher/internal/sandbox/sandboxtest"
)

// TestCommandLine runs an operator's session with the aws command line.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	sandboxtest.Session(t, "secretsmanager", "AWS_ENDPOINT_URL_SECRETS_MANAGER", start(t).endpoint, []sandboxtest.Step{
		{Name: "create", Arguments: []string{"create-secret", "--name", "mobilepay/pos/credentials", "--secret-string", "one", "--tags", "Key=k,Value=v"}, Want: `"Name": "mobilepay/pos/credentials"`},
		{Name: "put", Arguments: []string{"put-secret-value", "--secret-id", "mobilepay/pos/credentials", "--secret-string", "two"}, Want: "AWSCURRENT"},
		{Name: "read", Arguments: []string{"get-secret-value", "--secret-id", "mobilepay/pos/credentials"}, Want: `"SecretString": "two"`},
		{Name: "list", Arguments: []string{"list-secrets", "--filters", "Key=tag-key,Values=k"}, Want: `"LastChangedDate"`},
		{Name: "batch", Arguments: []string{"batch-get-secret-value", "--secret-id-list", "mobilepay/pos/credentials", "none"}, Want: `"ErrorCode": "ResourceNotFoundException"`},
		{Name: "delete", Arguments: []string{"delete-secret", "--secret-id", "mobilepay/pos/credentials"}, Want: `"DeletionDate"`},
		{Name: "read deleted", Arguments: []string{"get-secret-value", "--secret-id", "mobilepay/pos/credentials"}, Want: "(InvalidRequestException) when calling the GetSecretValue operation: You can't perform this operation on the secret because it was marked for deletion.", Fails: true},
	})
}
