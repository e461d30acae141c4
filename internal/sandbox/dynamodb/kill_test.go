package dynamodb_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

func TestMain(m *testing.M) {
	sandboxtest.Main(m, func(path string) (*dynamodb.Server, error) { return dynamodb.Open(dynamodb.Config{Path: path}) }, swap)
}

// swap puts an item that has its number, and is due at it, in place of the one
// with the number before.
func swap(worker, n int) (string, *http.Request) {
	name := fmt.Sprintf("k%d", worker)
	body := fmt.Sprintf(`{"TableName":"journal","Item":{"pk":{"S":"%s"},"n":{"N":"%d"},"due":{"S":"due"},"due_at":{"N":"%d"}},
		"ConditionExpression":"attribute_not_exists(#k) OR #n = :n","ExpressionAttributeNames":{"#k":"pk","#n":"n"},"ExpressionAttributeValues":{":n":{"N":"%d"}}}`, name, n, n, n-1)
	return name, sandboxtest.Request("POST", "DynamoDB_20120810.PutItem", body)
}

// TestKill kills a writing process without warning: every write that was
// acknowledged is there, and the index agrees with the items.
func TestKill(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "state.db")
		s := open(t, dynamodb.Config{Path: path})
		createTable(t, s)
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		acknowledged := sandboxtest.WriteAndKill(t, path, 40+60*round)
		e := startEmpty(t, func(c *dynamodb.Config) { c.Path = path })
		newest := 0
		for name, want := range acknowledged {
			i := read(t, e.Client, tableName, name)
			// One more write may have been committed and not yet told.
			got := numberOf(t, i["n"])
			if got != want && got != want+1 {
				t.Errorf("round %d: item %s is at %d, want %d, which was acknowledged", round, name, got, want)
			}
			newest = max(newest, got)
		}
		out, err := e.Query(t.Context(), dueQuery(tableName, newest))
		if err != nil || len(out.Items) < len(acknowledged) || len(out.Items) > 4 {
			t.Fatalf("round %d: the index has %d entries, error %v, want one for each item", round, len(out.Items), err)
		}
		for _, i := range out.Items {
			if got, want := numberOf(t, i["due_at"]), numberOf(t, read(t, e.Client, tableName, keyOf(i))["n"]); got != want {
				t.Errorf("round %d: the index has %s at %d, want %d", round, keyOf(i), got, want)
			}
		}
	}
}

func numberOf(t *testing.T, v types.AttributeValue) (n int) {
	t.Helper()
	digits, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		t.Fatalf("attribute is %T, want a number", v)
	}
	if _, err := fmt.Sscan(digits.Value, &n); err != nil {
		t.Fatalf("number: %v", err)
	}
	return n
}
