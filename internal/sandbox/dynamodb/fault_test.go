package dynamodb_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     dynamodb.Fault
		code      string // of the error; empty: no answer at all
		status    int
		processed bool
	}{
		{"throttled", dynamodb.Fault{Type: "ProvisionedThroughputExceededException", Message: "slow down"}, "ProvisionedThroughputExceededException", 400, false},
		{"denied", dynamodb.Fault{Type: "AccessDeniedException"}, "AccessDeniedException", 400, false},
		{"failed inside", dynamodb.Fault{Type: "InternalServerError"}, "InternalServerError", 500, false},
		{"unavailable", dynamodb.Fault{Type: "ServiceUnavailable"}, "ServiceUnavailable", 503, false},
		{"answer lost", dynamodb.Fault{LoseAnswer: true}, "", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			e.server.SetFault(func(c dynamodb.Call) *dynamodb.Fault {
				if c.Operation == "PutItem" && c.Key == "a" {
					return &tt.fault
				}
				return nil
			})
			_, err := e.PutItem(t.Context(), &ddb.PutItemInput{TableName: aws.String(tableName), Item: row("a", "1", 0)})
			sandboxtest.WantFailure(t, err, tt.code, tt.status)
			store(t, e.Client, tableName, row("b", "1", 0)) // not affected
			if got := read(t, e.Client, tableName, "a") != nil; got != tt.processed {
				t.Errorf("processed = %t, want %t", got, tt.processed)
			}
			e.server.SetFault(nil)
			store(t, e.Client, tableName, row("a", "2", 0))
		})
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []dynamodb.Call
	e := start(t, func(c *dynamodb.Config) {
		c.Observe = func(c dynamodb.Call) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, c)
		}
	})
	store(t, e.Client, tableName, row("a", "1", 1))
	read(t, e.Client, tableName, "b")
	due(t, e.Client, tableName, 1)
	_, _ = e.GetItem(t.Context(), &ddb.GetItemInput{TableName: aws.String("none"), Key: item{"pk": text("a")}}) // fails, and is observed
	_, _ = e.Scan(t.Context(), &ddb.ScanInput{TableName: aws.String(tableName)})
	want := []dynamodb.Call{
		{Operation: "CreateTable", Table: tableName},
		{Operation: "PutItem", Table: tableName, Key: "a"},
		{Operation: "GetItem", Table: tableName, Key: "b"},
		{Operation: "Query", Table: tableName, Index: "due"},
		{Operation: "GetItem", Table: "none"},
		{Operation: "Scan", Table: tableName},
	}
	if !slices.Equal(got, want) {
		t.Errorf("observed %v, want %v", got, want)
	}
}
