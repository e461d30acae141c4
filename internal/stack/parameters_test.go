package stack_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
)

var override = regexp.MustCompile(`(?m)^  (?:# )?"([A-Za-z]+)=(.+)",$`)

// A misspelt parameter or a value that is not allowed would fail at deployment;
// what is commented out is an example, and must be a good one.
func TestSettingsFitTheParameters(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	settings, err := os.ReadFile("../../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	overrides := override.FindAllStringSubmatch(string(settings), -1)
	if len(overrides) == 0 {
		t.Fatal("samconfig.toml overrides no parameter")
	}
	for _, match := range overrides {
		parameter, ok := stack.Parameters[match[1]]
		if !ok {
			t.Errorf("samconfig.toml sets %s, which the template does not have", match[1])
			continue
		}
		if !parameter.takes(t, match[2]) {
			t.Errorf("samconfig.toml sets %s to %q, which the template refuses", match[1], match[2])
		}
	}
}

func TestParametersRefuseWhatIsUnsafe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, parameter, value string
		want                   bool
	}{
		{"plain prefix", "SecretPrefix", "mobilepay", true},
		{"prefix in parts", "SecretPrefix", "team/tokens", true},
		{"prefix that is a pattern", "SecretPrefix", "*", false},
		{"prefix with a wildcard", "SecretPrefix", "mobile?ay", false},
		{"empty prefix", "SecretPrefix", "", false},
		{"prefix that ends in a slash", "SecretPrefix", "mobilepay/", false},
		{"no hosts", "ProviderHosts", "", true},
		{"hosts", "ProviderHosts", "api.mobilepay.dk,api.vipps.no", true},
		{"host with a wildcard", "ProviderHosts", "*.mobilepay.dk", false},
		{"URL instead of a host", "ProviderHosts", "https://api.mobilepay.dk", false},
		{"key", "SecretKmsKeyId", keyARN, true},
		{"alias instead of a key", "SecretKmsKeyId", "alias/aws/secretsmanager", false},
		{"every key", "SecretKmsKeyId", "arn:aws:kms:eu-west-1:123456789012:key/*", false},
		{"tags", "SecretTags", "team=payments,cost-centre=42", true},
		{"tag without a value", "SecretTags", "team", false},
		{"host name", "CustomDomainName", "consent.example.com", true},
		{"URL instead of a host name", "CustomDomainName", "https://consent.example.com", false},
		{"host name with a path", "CustomDomainName", "consent.example.com/x", false},
		{"name without a domain", "CustomDomainName", "localhost", false},
		{"clients", "AllowedClients", "pos,reporting", true},
		{"every client as a pattern", "AllowedClients", "*", false},
		{"client with a space", "AllowedClients", "pos, reporting", false},
		{"subnets", "SubnetIds", "subnet-0123abcd,subnet-0123456789abcdef0", true},
		{"network instead of a subnet", "SubnetIds", "vpc-0123abcd", false},
		{"key left behind", "SealingKeyArn", secretARN + "team/tokens/sealing-key-AbCdEf", true},
		{"any secret as a key", "SealingKeyArn", secretARN + "mobilepay/pos/credentials-AbCdEf", false},
		{"every secret as a key", "SealingKeyArn", secretARN + "*/sealing-key-AbCdEf", false},
		{"one key for the other", "InviteKeyArn", secretARN + "mobilepay/sealing-key-AbCdEf", false},
		{"table left behind", "JournalTableName", "token-refresher-Journal-1ABC", true},
		{"table by a pattern", "JournalTableName", "*", false},
		{"level", "LogLevel", "warn", true},
		{"unknown level", "LogLevel", "trace", false},
	}
	stack := load(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := stack.Parameters[test.parameter].takes(t, test.value); got != test.want {
				t.Errorf("%s takes %q: %v, want %v", test.parameter, test.value, got, test.want)
			}
		})
	}
	for name, parameter := range stack.Parameters {
		if !parameter.takes(t, fmt.Sprint(parameter.Default)) {
			t.Errorf("%s refuses its own default, %v", name, parameter.Default)
		}
	}
}

// takes judges a value as CloudFormation does.
func (p parameter) takes(t *testing.T, value string) bool {
	t.Helper()
	if p.AllowedValues != nil && !slices.ContainsFunc(p.AllowedValues, func(allowed any) bool { return fmt.Sprint(allowed) == value }) {
		return false
	}
	pattern, err := regexp.Compile(p.AllowedPattern)
	if err != nil {
		t.Fatalf("pattern %s: %v", p.AllowedPattern, err)
	}
	return pattern.MatchString(value)
}
