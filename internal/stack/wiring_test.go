package stack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A parameter that reaches no function is a promise that nothing keeps: without
// ALLOWED_CLIENTS every client's tokens are handed out.
func TestParametersReachTheFunctions(t *testing.T) {
	t.Parallel()
	all := []string{"RefreshFunction", "GrantsFunction", "ConsentFunction", "AccessTokenFunction", "OperatorFunction"}
	tests := []struct {
		parameter, value, variable string
		functions                  []string
	}{
		{"SecretPrefix", "another", "SECRET_PREFIX", all},
		{"SecretKmsKeyId", keyARN, "SECRET_KMS_KEY_ID", all},
		{"SecretTags", "team=payments", "SECRET_TAGS", all},
		{"ProviderHosts", "idp.example.com", "PROVIDER_HOSTS", all},
		{"RefreshConcurrency", "7", "REFRESH_CONCURRENCY", all},
		{"SecretWritesPerSecond", "9", "SECRET_WRITES_PER_SECOND", all},
		{"LogLevel", "warn", "LOG_LEVEL", all},
		{"AllowedClients", "pos", "ALLOWED_CLIENTS", []string{"AccessTokenFunction"}},
		{"OperatorMayGet", "true", "ALLOW_GET", []string{"OperatorFunction"}},
	}
	for _, test := range tests {
		t.Run(test.parameter, func(t *testing.T) {
			t.Parallel()
			stack := load(t, map[string]string{test.parameter: test.value})
			for _, function := range test.functions {
				if got := environment(t, stack, function)[test.variable]; got != test.value {
					t.Errorf("%s of %s is %q, want %q", test.variable, function, got, test.value)
				}
			}
		})
	}
}

// With a KMS key of one's own everything that the stack makes is under it, and
// whoever may read a token may decrypt it.
func TestKmsKeyIsUsedThroughout(t *testing.T) {
	t.Parallel()
	with, without := load(t, map[string]string{"SecretKmsKeyId": keyARN}), load(t, nil)
	for _, id := range []string{"SealingKey", "InviteKey"} {
		if got := with.properties(t, id)["KmsKeyId"]; got != keyARN {
			t.Errorf("%s is encrypted by %v, want the key", id, got)
		}
		if got := without.properties(t, id)["KmsKeyId"]; got != nil {
			t.Errorf("%s without a key is encrypted by %v, want AWS's", id, got)
		}
	}
	decrypt := request{"kms:Decrypt", keyARN, map[string]string{"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
	if !allows(with.statements(t, "ReadTokensPolicy"), decrypt) {
		t.Error("who may read tokens may not decrypt them")
	}
	for name, refused := range map[string]request{
		"with another key":             {decrypt.action, keyARN + "0", decrypt.context},
		"without Secrets Manager":      {decrypt.action, keyARN, nil},
		"but encrypts, which is a put": {"kms:GenerateDataKey", keyARN, decrypt.context},
	} {
		if allows(with.statements(t, "ReadTokensPolicy"), refused) {
			t.Errorf("who reads tokens decrypts %s", name)
		}
	}
}

// Metrics are log lines that Lambda counts as INFO: a filter above it would take
// every alarm's metric away.
func TestNoFilterSwallowsMetrics(t *testing.T) {
	t.Parallel()
	stack := load(t, map[string]string{"LogLevel": "error"})
	for _, id := range functions(t, stack) {
		logging := stack.properties(t, id)["LoggingConfig"]
		if format, level := at(logging, "LogFormat"), at(logging, "ApplicationLogLevel"); format != "JSON" || level != "TRACE" {
			t.Errorf("%s: the log's format is %v and its lowest level %v, want JSON and TRACE", id, format, level)
		}
	}
}

var namedOutput = regexp.MustCompile("`([A-Z][A-Za-z]+(?:Arn|Url|Target|Zone|Name)|JournalTable|SealingKey|InviteKey)`")

// What the documents send somebody to look for is an output, or a parameter.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range namedOutput.FindAllStringSubmatch(string(text), -1) {
			found++
			_, output := stack.Outputs[match[1]]
			if _, parameter := stack.Parameters[match[1]]; !output && !parameter {
				t.Errorf("%s speaks of %s, which is neither output nor parameter", file, match[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("the documents name %d outputs and parameters, want 10 or more", found)
	}
}
