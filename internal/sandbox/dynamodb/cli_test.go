package dynamodb_test

import (
	"testing"

	"token-refresher/internal/sandbox/sandboxtest"
)

// TestCommandLine looks into the journal with the aws command line, as somebody
// would who has a sandbox running.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	e := start(t)
	store(t, e.Client, tableName, row("entry#pos/DK12345678", "1", 5))
	sandboxtest.Session(t, "dynamodb", "AWS_ENDPOINT_URL_DYNAMODB", e.endpoint, []sandboxtest.Step{
		{Name: "describe", Arguments: []string{"describe-table", "--table-name", tableName}, Want: `"TableStatus": "ACTIVE"`},
		{Name: "wait", Arguments: []string{"wait", "table-exists", "--table-name", tableName}},
		{Name: "read", Arguments: []string{"get-item", "--table-name", tableName, "--key", `{"pk":{"S":"entry#pos/DK12345678"}}`}, Want: `"due_at"`},
		{Name: "scan", Arguments: []string{"scan", "--table-name", tableName}, Want: `"Count": 1`},
		{Name: "what is not emulated", Arguments: []string{"list-tables"}, Want: "(ValidationException) when calling the ListTables operation: This emulator does not know the operation ListTables.", Fails: true},
	})
}
