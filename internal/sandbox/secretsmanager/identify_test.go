package secretsmanager_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

func TestSecretID(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *secretsmanager.Config) { c.Region, c.Account = "eu-north-1", "123456789012" })
	const plain, trap = "mobilepay/pos/access-token", "mobilepay/pos/access-tokens" // the second ends in a hyphen and six characters
	arn := *e.create(t, plain, "plain").ARN
	trapARN := *e.create(t, trap, "trap").ARN
	form := regexp.MustCompile(`^arn:aws:secretsmanager:eu-north-1:123456789012:secret:mobilepay/pos/access-token-[A-Za-z0-9]{6}$`)
	if !form.MatchString(arn) {
		t.Errorf("ARN = %s, want %v", arn, form)
	}
	partial := func(arn string) string { return arn[:len(arn)-7] }
	tests := []struct {
		name, id, want string // want is a value; empty: not found
	}{
		{"name", plain, "plain"},
		{"ARN", arn, "plain"},
		{"partial ARN", partial(arn), "plain"},
		{"name like the end of an ARN", trap, "trap"},
		{"its ARN", trapARN, "trap"},
		{"its partial ARN is taken for a full one", partial(trapARN), ""},
		{"part of a name", strings.TrimSuffix(plain, "n"), ""},
		{"name in other case", strings.ToUpper(plain), ""},
		{"ARN of another suffix", partial(arn) + "-AAAAAA", ""},
		{"ARN of another region", strings.Replace(arn, "eu-north-1", "eu-west-1", 1), ""},
		{"ARN of another account", strings.Replace(arn, "123456789012", "210987654321", 1), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want != "" {
				if got := e.value(t, tt.id); got != tt.want {
					t.Errorf("value = %q, want %q", got, tt.want)
				}
				return
			}
			_, err := e.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String(tt.id)})
			sandboxtest.WantError(t, err, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
		})
	}
}
