package dynamodb_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

func open(t *testing.T, c dynamodb.Config) *dynamodb.Server {
	t.Helper()
	s, err := dynamodb.Open(c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s
}

// call makes a call that succeeds, without a socket.
func call(t testing.TB, s *dynamodb.Server, operation, body string) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, sandboxtest.Request("POST", "DynamoDB_20120810."+operation, body))
	if w.Code != 200 {
		t.Fatalf("%s: status %d: %s", operation, w.Code, w.Body)
	}
	return w.Body.String()
}

// createTable makes a table like the journal's.
func createTable(t testing.TB, s *dynamodb.Server) {
	t.Helper()
	call(t, s, "CreateTable", `{"TableName":"journal","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"due","AttributeType":"S"},{"AttributeName":"due_at","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
		"GlobalSecondaryIndexes":[{"IndexName":"due","Projection":{"ProjectionType":"KEYS_ONLY"},
			"KeySchema":[{"AttributeName":"due","KeyType":"HASH"},{"AttributeName":"due_at","KeyType":"RANGE"}]}]}`)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	held := filepath.Join(t.TempDir(), "held.db")
	s := open(t, dynamodb.Config{Path: held})
	t.Cleanup(func() { _ = s.Close() })
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		config dynamodb.Config
		want   string
	}{
		{"a file in use", dynamodb.Config{Path: held}, "another process has " + held + " open"},
		{"a file that is none of ours", dynamodb.Config{Path: garbage}, "opening the state file"},
		{"a folder that does not exist", dynamodb.Config{Path: filepath.Join(held, "none", "state.db")}, "opening the state file"},
		{"a negative lag", dynamodb.Config{IndexLag: -time.Second}, "must not be negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := dynamodb.Open(tt.config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open error = %v, want %q", err, tt.want)
			}
		})
	}
}

// TestNameless: without a path two servers know nothing of each other, and no
// file is left behind.
func TestNameless(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	for range 2 {
		s := open(t, dynamodb.Config{})
		t.Cleanup(func() { _ = s.Close() })
		createTable(t, s)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) > 0 {
		t.Errorf("left behind %v, error %v, want nothing", files, err)
	}
}

func TestStateFileIsPrivate(t *testing.T) {
	t.Parallel()
	path, atPath := stateFile(t)
	start(t, atPath)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v, want 0600", info.Mode(), err)
	}
}
