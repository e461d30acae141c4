package dynamodb_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

// fuzzed is a server with a table and an item.
func fuzzed(f *testing.F) *dynamodb.Server {
	f.Helper()
	s, err := dynamodb.Open(dynamodb.Config{})
	if err != nil {
		f.Fatalf("Open: %v", err)
	}
	f.Cleanup(func() { _ = s.Close() })
	createTable(f, s)
	call(f, s, "PutItem", `{"TableName":"journal","Item":{"pk":{"S":"a"},"due":{"S":"due"},"due_at":{"N":"1"}}}`)
	return s
}

// FuzzCall: nothing that is sent makes the emulator fail inside.
func FuzzCall(f *testing.F) {
	f.Add("GetItem", `{"TableName":"journal","Key":{"pk":{"S":"a"}},"ConsistentRead":true}`)
	f.Add("PutItem", `{"TableName":"journal","Item":{"pk":{"S":"b\u0000"},"b":{"B":"AP8="},"due":{"S":"due"},"due_at":{"N":"-12"}}}`)
	f.Add("DeleteItem", `{"TableName":"journal","Key":{"pk":{"S":"a"}}}`)
	f.Add("Query", `{"TableName":"journal","IndexName":"due","KeyConditionExpression":"#p = :p","ExpressionAttributeNames":{"#p":"due"},"ExpressionAttributeValues":{":p":{"S":"due"}},"ExclusiveStartKey":{"pk":{"S":"a"},"due":{"S":"due"},"due_at":{"N":"1"}},"ScanIndexForward":false}`)
	f.Add("Scan", `{"TableName":"journal","Limit":1,"ExclusiveStartKey":{"pk":{"S":"a"}}}`)
	f.Add("CreateTable", `{"TableName":"two","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"B"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"GlobalSecondaryIndexes":[{"IndexName":"own","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"pk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`)
	f.Add("DescribeTable", `{"TableName":"journal"}`)
	s := fuzzed(f)
	f.Fuzz(func(t *testing.T, operation, body string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, sandboxtest.Request("POST", "DynamoDB_20120810."+operation, body))
		if (w.Code != 200 && w.Code != 400) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("status %d: %s, want 200 or 400 and JSON", w.Code, w.Body)
		}
	})
}

// FuzzExpression: every expression is either understood or refused.
func FuzzExpression(f *testing.F) {
	for _, expression := range []string{
		"attribute_not_exists(#a)", "#a = :v", "#a <= :v OR attribute_exists(#a) AND begins_with(#a, :v)", "((#a=:v))", "#a", "(", "AND OR",
	} {
		f.Add(expression)
	}
	s := fuzzed(f)
	f.Fuzz(func(t *testing.T, expression string) {
		body, err := json.Marshal(map[string]any{
			"TableName": tableName, "FilterExpression": expression,
			"ExpressionAttributeNames":  map[string]string{"#a": "due"},
			"ExpressionAttributeValues": map[string]any{":v": map[string]string{"S": "due"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, sandboxtest.Request("POST", "DynamoDB_20120810.Scan", string(body)))
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("status %d: %s, want 200 or 400", w.Code, w.Body)
		}
	})
}
