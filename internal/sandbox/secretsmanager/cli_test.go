package secretsmanager_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/moto"
)

// environment is this process's without the caller's own AWS settings.
func environment(endpoint string) []string {
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	return append(own, "AWS_ENDPOINT_URL_SECRETS_MANAGER="+endpoint, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_PAGER=")
}

// TestCommandLine runs an operator's session with the aws command line.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("aws")
	if err != nil {
		moto.Missing(t, "aws")
	}
	e := start(t)
	aws := func(arguments ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), path, append([]string{"secretsmanager", "--output", "json"}, arguments...)...)
		cmd.Env = environment(e.endpoint)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	steps := []struct {
		name      string
		arguments []string
		want      string // part of the output; a failing command must fail with it
		fails     bool
	}{
		{name: "create", arguments: []string{"create-secret", "--name", "mobilepay/pos/credentials", "--secret-string", "one", "--tags", "Key=k,Value=v"}, want: `"Name": "mobilepay/pos/credentials"`},
		{name: "put", arguments: []string{"put-secret-value", "--secret-id", "mobilepay/pos/credentials", "--secret-string", "two"}, want: "AWSCURRENT"},
		{name: "read", arguments: []string{"get-secret-value", "--secret-id", "mobilepay/pos/credentials"}, want: `"SecretString": "two"`},
		{name: "list", arguments: []string{"list-secrets", "--filters", "Key=tag-key,Values=k"}, want: `"LastChangedDate"`},
		{name: "batch", arguments: []string{"batch-get-secret-value", "--secret-id-list", "mobilepay/pos/credentials", "none"}, want: `"ErrorCode": "ResourceNotFoundException"`},
		{name: "delete", arguments: []string{"delete-secret", "--secret-id", "mobilepay/pos/credentials"}, want: `"DeletionDate"`},
		{name: "read deleted", arguments: []string{"get-secret-value", "--secret-id", "mobilepay/pos/credentials"}, want: "(InvalidRequestException) when calling the GetSecretValue operation: You can't perform this operation on the secret because it was marked for deletion.", fails: true},
	}
	for _, step := range steps {
		out, err := aws(step.arguments...)
		if (err != nil) != step.fails || !strings.Contains(out, step.want) {
			t.Fatalf("%s: error %v, output %s, want failure %t and %q", step.name, err, out, step.fails, step.want)
		}
	}
}
