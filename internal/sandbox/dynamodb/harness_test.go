package dynamodb_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/journal"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

// tableName is that of the table that tests have from the start.
const tableName = "journal"

// item is one as the SDK has it.
type item = map[string]types.AttributeValue

// An emulator is a running Server with the SDK's own client in front of it.
type emulator struct {
	*ddb.Client
	server   *dynamodb.Server
	endpoint string
	clock    *sandboxtest.Clock
}

// start runs an emulator with the journal's table.
func start(t *testing.T, alter ...func(*dynamodb.Config)) emulator {
	t.Helper()
	e := startEmpty(t, alter...)
	if _, err := e.CreateTable(t.Context(), journal.TableInput(tableName)); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
	return e
}

func startEmpty(t *testing.T, alter ...func(*dynamodb.Config)) emulator {
	t.Helper()
	c := sandboxtest.NewClock()
	config := dynamodb.Config{Now: c.Now}
	for _, f := range alter {
		f(&config)
	}
	server, err := dynamodb.Open(config)
	endpoint := sandboxtest.Serve(t, server, err)
	return emulator{Client: client(endpoint), server: server, endpoint: endpoint, clock: c}
}

func client(endpoint string, alter ...func(*ddb.Options)) *ddb.Client {
	return ddb.NewFromConfig(sandboxtest.Config(endpoint), alter...)
}

func stateFile(t *testing.T) (string, func(*dynamodb.Config)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	return path, func(c *dynamodb.Config) { c.Path = path }
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func number(n int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.Itoa(n)}
}

// row is an item with a write id, and in the index "due" unless due is 0.
func row(key, writeID string, due int) item {
	i := item{"pk": text(key), "write_id": text(writeID)}
	if due != 0 {
		i["due"], i["due_at"] = text("due"), number(due)
	}
	return i
}

func store(t *testing.T, c *ddb.Client, table string, i item) {
	t.Helper()
	if _, err := c.PutItem(t.Context(), &ddb.PutItemInput{TableName: &table, Item: i}); err != nil {
		t.Fatalf("PutItem: %v", err)
	}
}

func read(t *testing.T, c *ddb.Client, table, key string) item {
	t.Helper()
	out, err := c.GetItem(t.Context(), &ddb.GetItemInput{TableName: &table, Key: item{"pk": text(key)}, ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatalf("GetItem: %v", err)
	}
	return out.Item
}

// dueQuery asks the index "due" for what is due.
func dueQuery(table string, now int) *ddb.QueryInput {
	return &ddb.QueryInput{
		TableName: &table, IndexName: aws.String("due"),
		KeyConditionExpression:    aws.String("#p = :p AND #d <= :n"),
		ExpressionAttributeNames:  map[string]string{"#p": "due", "#d": "due_at"},
		ExpressionAttributeValues: item{":p": text("due"), ":n": number(now)},
	}
}

// due is the keys that are due, in the index's order.
func due(t *testing.T, c *ddb.Client, table string, now int) string {
	t.Helper()
	out, err := c.Query(t.Context(), dueQuery(table, now))
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	return keysOf(out.Items)
}

func keysOf(items []item) string {
	var keys []string
	for _, i := range items {
		keys = append(keys, keyOf(i))
	}
	return strings.Join(keys, " ")
}

func keyOf(i item) string {
	s, ok := i["pk"].(*types.AttributeValueMemberS)
	if !ok {
		return fmt.Sprintf("no key: %v", i)
	}
	return s.Value
}
