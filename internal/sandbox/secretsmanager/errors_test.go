package secretsmanager_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/sandbox/sandboxtest"
)

// TestRefusals drives every operation into its errors. The secret "live" has a
// value, "marked" is scheduled for deletion, "none" does not exist.
func TestRefusals(t *testing.T) {
	t.Parallel()
	e := start(t)
	version := *e.create(t, "live", "value").VersionId
	pending := e.put(t, "live", "pending", "AWSPENDING")
	e.create(t, "marked", "value")
	if _, err := e.DeleteSecret(t.Context(), &sm.DeleteSecretInput{SecretId: aws.String("marked")}); err != nil {
		t.Fatalf("DeleteSecret: %v", err)
	}
	const (
		marked   = "You can't perform this operation on the secret because it was marked for deletion."
		noSecret = "Secrets Manager can't find the specified secret."
	)
	ctx := t.Context()
	create := func(in sm.CreateSecretInput) func() error {
		return func() error { _, err := e.CreateSecret(ctx, &in); return err }
	}
	get := func(in sm.GetSecretValueInput) func() error {
		return func() error { _, err := e.GetSecretValue(ctx, &in); return err }
	}
	put := func(in sm.PutSecretValueInput) func() error {
		return func() error { _, err := e.PutSecretValue(ctx, &in); return err }
	}
	update := func(in sm.UpdateSecretInput) func() error {
		return func() error { _, err := e.UpdateSecret(ctx, &in); return err }
	}
	remove := func(in sm.DeleteSecretInput) func() error {
		return func() error { _, err := e.DeleteSecret(ctx, &in); return err }
	}
	batch := func(in sm.BatchGetSecretValueInput) func() error {
		return func() error { _, err := e.BatchGetSecretValue(ctx, &in); return err }
	}
	list := func(in sm.ListSecretsInput) func() error {
		return func() error { _, err := e.ListSecrets(ctx, &in); return err }
	}
	tags := func(in sm.TagResourceInput) func() error {
		return func() error { _, err := e.TagResource(ctx, &in); return err }
	}
	many := make([]types.Tag, 51)
	for i := range many {
		many[i] = types.Tag{Key: aws.String(token(string(rune('A' + i)))), Value: aws.String("")}
	}
	tests := []struct {
		name       string
		call       func() error
		code, text string
	}{
		{"create: space in the name", create(sm.CreateSecretInput{Name: aws.String("Inv Name")}), "ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"},
		{"create: name too long", create(sm.CreateSecretInput{Name: aws.String(strings.Repeat("n", 513))}), "ValidationException", "less than or equal to 512"},
		{"create: name in use", create(sm.CreateSecretInput{Name: aws.String("live")}), "ResourceExistsException", "The operation failed because the secret live already exists."},
		{"create: name scheduled for deletion", create(sm.CreateSecretInput{Name: aws.String("marked")}), "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion."},
		{"create: two values", create(sm.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("a"), SecretBinary: []byte("a")}), "InvalidParameterException", "both"},
		{"create: value too large", create(sm.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String(strings.Repeat("v", 65_537))}), "ValidationException", "Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536"},
		{"create: token too short", create(sm.CreateSecretInput{Name: aws.String("s"), ClientRequestToken: aws.String("short")}), "ValidationException", "clientRequestToken"},
		{"create: token too long", create(sm.CreateSecretInput{Name: aws.String("s"), ClientRequestToken: aws.String(strings.Repeat("t", 65))}), "ValidationException", "clientRequestToken"},
		{"create: reserved tag", create(sm.CreateSecretInput{Name: aws.String("s"), Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}}), "InvalidParameterException", "aws:"},
		{"create: too many tags", create(sm.CreateSecretInput{Name: aws.String("s"), Tags: many}), "InvalidParameterException", "50"},

		{"get: none", get(sm.GetSecretValueInput{SecretId: aws.String("none")}), "ResourceNotFoundException", noSecret},
		{"get: marked", get(sm.GetSecretValueInput{SecretId: aws.String("marked")}), "InvalidRequestException", marked},
		{"get: no such label", get(sm.GetSecretValueInput{SecretId: aws.String("live"), VersionStage: aws.String("AWSPREVIOUS")}), "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS"},
		{"get: no such version", get(sm.GetSecretValueInput{SecretId: aws.String("live"), VersionId: aws.String(token("none"))}), "ResourceNotFoundException", "value for VersionId: " + token("none")},
		{"get: label of another version", get(sm.GetSecretValueInput{SecretId: aws.String("live"), VersionId: &pending, VersionStage: aws.String("AWSCURRENT")}), "InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId."},
		{"get: id too long", get(sm.GetSecretValueInput{SecretId: aws.String(strings.Repeat("n", 2049))}), "ValidationException", "2048"},
		{"get: empty id", get(sm.GetSecretValueInput{SecretId: aws.String("")}), "ValidationException", "secretId"},

		{"put: none", put(sm.PutSecretValueInput{SecretId: aws.String("none"), SecretString: aws.String("v")}), "ResourceNotFoundException", noSecret},
		{"put: marked", put(sm.PutSecretValueInput{SecretId: aws.String("marked"), SecretString: aws.String("v")}), "InvalidRequestException", marked},
		{"put: no value", put(sm.PutSecretValueInput{SecretId: aws.String("live")}), "InvalidRequestException", "You must provide either SecretString or SecretBinary."},
		{"put: empty value", put(sm.PutSecretValueInput{SecretId: aws.String("live"), SecretString: aws.String("")}), "ValidationException", "secretString"},
		{"put: value too large", put(sm.PutSecretValueInput{SecretId: aws.String("live"), SecretString: aws.String(strings.Repeat("é", 32_769))}), "ValidationException", "65536"},
		{"put: value of a known version differs", put(sm.PutSecretValueInput{SecretId: aws.String("live"), SecretString: aws.String("v"), ClientRequestToken: &version}), "ResourceExistsException", "already in use"},

		{"update: none", update(sm.UpdateSecretInput{SecretId: aws.String("none")}), "ResourceNotFoundException", noSecret},
		{"update: marked", update(sm.UpdateSecretInput{SecretId: aws.String("marked")}), "InvalidRequestException", marked},
		{"update: description too long", update(sm.UpdateSecretInput{SecretId: aws.String("live"), Description: aws.String(strings.Repeat("d", 2049))}), "ValidationException", "description"},

		{"delete: none", remove(sm.DeleteSecretInput{SecretId: aws.String("none")}), "ResourceNotFoundException", noSecret},
		{"delete: marked", remove(sm.DeleteSecretInput{SecretId: aws.String("marked")}), "InvalidRequestException", marked},
		{"delete: window too short", remove(sm.DeleteSecretInput{SecretId: aws.String("live"), RecoveryWindowInDays: aws.Int64(6)}), "InvalidParameterException", "between 7 and 30 days"},
		{"delete: window too long", remove(sm.DeleteSecretInput{SecretId: aws.String("live"), RecoveryWindowInDays: aws.Int64(31)}), "InvalidParameterException", "between 7 and 30 days"},
		{"delete: window and force", remove(sm.DeleteSecretInput{SecretId: aws.String("live"), RecoveryWindowInDays: aws.Int64(7), ForceDeleteWithoutRecovery: aws.Bool(true)}), "InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."},

		{"batch: nothing asked", batch(sm.BatchGetSecretValueInput{}), "InvalidParameterException", "Either 'SecretIdList' or 'Filters'"},
		{"batch: ids and filters", batch(sm.BatchGetSecretValueInput{SecretIdList: []string{"live"}, Filters: filters("name", "l")}), "InvalidParameterException", "but not both"},
		{"batch: more than 20", batch(sm.BatchGetSecretValueInput{SecretIdList: make([]string, 21)}), "ValidationException", "less than or equal to 20"},
		{"batch: page without filters", batch(sm.BatchGetSecretValueInput{SecretIdList: []string{"live"}, MaxResults: aws.Int32(1)}), "InvalidParameterException", "'Filters' must also be specified"},
		{"batch: page too large", batch(sm.BatchGetSecretValueInput{Filters: filters("name", "l"), MaxResults: aws.Int32(21)}), "ValidationException", "maxResults"},

		{"list: page too large", list(sm.ListSecretsInput{MaxResults: aws.Int32(101)}), "ValidationException", "maxResults"},
		{"list: page too small", list(sm.ListSecretsInput{MaxResults: aws.Int32(0)}), "ValidationException", "maxResults"},
		{"list: bad token", list(sm.ListSecretsInput{NextToken: aws.String("!")}), "InvalidNextTokenException", "token"},
		{"list: unknown filter", list(sm.ListSecretsInput{Filters: filters("colour", "red")}), "ValidationException", "filters.1.member.key"},
		{"list: filter without values", list(sm.ListSecretsInput{Filters: filters("name")}), "InvalidParameterException", "Invalid filter values"},
		{"list: unknown order", list(sm.ListSecretsInput{SortOrder: "sideways"}), "ValidationException", "sortOrder"},
		{"list: unknown sort", list(sm.ListSecretsInput{SortBy: "colour"}), "ValidationException", "sortBy"},

		{"tag: none", tags(sm.TagResourceInput{SecretId: aws.String("none"), Tags: many[:1]}), "ResourceNotFoundException", noSecret},
		{"tag: marked", tags(sm.TagResourceInput{SecretId: aws.String("marked"), Tags: many[:1]}), "InvalidRequestException", marked},
		{"tag: twice the same", tags(sm.TagResourceInput{SecretId: aws.String("live"), Tags: []types.Tag{many[0], many[0]}}), "InvalidParameterException", "Duplicate"},
		{"tag: key too long", tags(sm.TagResourceInput{SecretId: aws.String("live"), Tags: []types.Tag{{Key: aws.String(strings.Repeat("k", 129)), Value: aws.String("")}}}), "ValidationException", "128"},

		{"describe: none", func() error {
			_, err := e.DescribeSecret(ctx, &sm.DescribeSecretInput{SecretId: aws.String("none")})
			return err
		}, "ResourceNotFoundException", noSecret},
		{"restore: none", func() error {
			_, err := e.RestoreSecret(ctx, &sm.RestoreSecretInput{SecretId: aws.String("none")})
			return err
		}, "ResourceNotFoundException", noSecret},
		{"versions: none", func() error {
			_, err := e.ListSecretVersionIds(ctx, &sm.ListSecretVersionIdsInput{SecretId: aws.String("none")})
			return err
		}, "ResourceNotFoundException", noSecret},
		{"stage: marked", func() error { return e.move(t, "marked", "own", "", version) }, "InvalidRequestException", marked},
		{"rotation is not emulated", func() error {
			_, err := e.RotateSecret(ctx, &sm.RotateSecretInput{SecretId: aws.String("live")})
			return err
		}, "UnknownOperationException", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { sandboxtest.WantError(t, tt.call(), tt.code, tt.text) })
	}
	if got := e.value(t, "live"); got != "value" {
		t.Errorf("value after all refusals = %q, want it unchanged", got)
	}
}

// TestTypedErrors: what the SDK turns into types is what callers match.
func TestTypedErrors(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "s", "value")
	_, err := e.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String("none")})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Errorf("error of a missing secret = %T, want *types.ResourceNotFoundException inside", err)
	}
	_, err = e.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: aws.String("s")})
	if _, ok := errors.AsType[*types.ResourceExistsException](err); !ok {
		t.Errorf("error of a name in use = %T, want *types.ResourceExistsException inside", err)
	}
}

func filters(key string, values ...string) []types.Filter {
	return []types.Filter{{Key: types.FilterNameStringType(key), Values: values}}
}
