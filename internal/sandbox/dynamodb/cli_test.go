package dynamodb_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/moto"
)

// TestCommandLine looks into the journal with the aws command line, as somebody
// would who has a sandbox running.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("aws")
	if err != nil {
		moto.Missing(t, "aws")
	}
	e := start(t)
	store(t, e.Client, tableName, row("entry#pos/DK12345678", "1", 5))
	steps := []struct {
		name      string
		arguments []string
		want      string // part of the output; a failing command must fail with it
		fails     bool
	}{
		{name: "describe", arguments: []string{"describe-table", "--table-name", tableName}, want: `"TableStatus": "ACTIVE"`},
		{name: "wait", arguments: []string{"wait", "table-exists", "--table-name", tableName}},
		{name: "read", arguments: []string{"get-item", "--table-name", tableName, "--key", `{"pk":{"S":"entry#pos/DK12345678"}}`}, want: `"due_at"`},
		{name: "scan", arguments: []string{"scan", "--table-name", tableName}, want: `"Count": 1`},
		{name: "what is not emulated", arguments: []string{"list-tables"}, want: "(ValidationException) when calling the ListTables operation: This emulator does not know the operation ListTables.", fails: true},
	}
	for _, step := range steps {
		cmd := exec.CommandContext(t.Context(), path, append([]string{"dynamodb", "--output", "json"}, step.arguments...)...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_DYNAMODB="+e.endpoint, "AWS_DEFAULT_REGION=eu-west-1",
			"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true")
		out, err := cmd.CombinedOutput()
		if (err != nil) != step.fails || !strings.Contains(string(out), step.want) {
			t.Errorf("%s: error %v, output %s, want failure %t and %q", step.name, err, out, step.fails, step.want)
		}
	}
}
