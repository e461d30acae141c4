package dynamodb_test

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http/httptest"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

const (
	validation    = "com.amazon.coral.validate#ValidationException"
	serialization = "com.amazon.coral.service#SerializationException"
)

func TestWire(t *testing.T) {
	t.Parallel()
	s := open(t, dynamodb.Config{})
	t.Cleanup(func() { _ = s.Close() })
	createTable(t, s)
	call(t, s, "PutItem", `{"TableName":"journal","Item":{"pk":{"S":"<a>"},"n":{"N":"-007"},"b":{"B":"AP8="}}}`)
	tests := []struct {
		name                 string
		method, target, body string
		status               int
		want                 string // part of the answer
	}{
		{"an item", "POST", "DynamoDB_20120810.GetItem", `{"TableName":"journal","Key":{"pk":{"S":"<a>"}}}`, 200, `{"Item":{"b":{"B":"AP8="},"n":{"N":"-7"},"pk":{"S":"\u003ca\u003e"}}}`},
		{"no item", "POST", "DynamoDB_20120810.GetItem", `{"TableName":"journal","Key":{"pk":{"S":"b"}}}`, 200, `{}`},
		{"an empty page", "POST", "DynamoDB_20120810.Scan", `{"TableName":"journal","FilterExpression":"attribute_exists(#x)","ExpressionAttributeNames":{"#x":"x"}}`, 200, `{"Items":[],"Count":0,"ScannedCount":1}`},
		{"a failed condition", "POST", "DynamoDB_20120810.PutItem", `{"TableName":"journal","Item":{"pk":{"S":"<a>"}},"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":"pk"}}`, 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}`},
		{"no table", "POST", "DynamoDB_20120810.Scan", `{"TableName":"none"}`, 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}`},
		{"not JSON", "POST", "DynamoDB_20120810.GetItem", `{`, 400, serialization},
		{"no body", "POST", "DynamoDB_20120810.GetItem", ``, 400, serialization},
		{"wrong type", "POST", "DynamoDB_20120810.GetItem", `{"TableName":1}`, 400, serialization},
		{"wrong type of a value", "POST", "DynamoDB_20120810.GetItem", `{"TableName":"journal","Key":{"pk":{"S":1}}}`, 400, serialization},
		{"body too large", "POST", "DynamoDB_20120810.GetItem", strings.Repeat(" ", 16<<20+1), 400, serialization + `","message":"the request body could not be read"`},
		{"another service", "POST", "secretsmanager.GetSecretValue", `{}`, 400, "UnknownOperationException"},
		{"not a POST", "GET", "DynamoDB_20120810.GetItem", ``, 400, "UnknownOperationException"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			s.ServeHTTP(w, sandboxtest.Request(tt.method, tt.target, tt.body))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("status %d: %s, want %d: %s", w.Code, w.Body, tt.status, tt.want)
			}
			h := w.Header()
			if h.Get("Content-Type") != "application/x-amz-json-1.0" || h.Get("X-Amzn-Requestid") == "" || h.Get("X-Amz-Crc32") != fmt.Sprint(crc32.ChecksumIEEE(w.Body.Bytes())) {
				t.Errorf("headers %v, want the protocol's", h)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{"DynamoDB_20120810.GetItem": true, "DynamoDBStreams_20120810.GetRecords": false, "secretsmanager.GetSecretValue": false, "": false} {
		if got := dynamodb.Claims(sandboxtest.Request("POST", target, "")); got != want {
			t.Errorf("Claims of target %q = %t, want %t", target, got, want)
		}
	}
}

// TestRefused: what AWS refuses is refused in its words, and what is not
// emulated with words that name it.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := open(t, dynamodb.Config{})
	t.Cleanup(func() { _ = s.Close() })
	createTable(t, s)
	condition := func(expression, names, values string) string {
		return fmt.Sprintf(`{"TableName":"journal","Item":{"pk":{"S":"a"}},"ConditionExpression":%q,"ExpressionAttributeNames":%s,"ExpressionAttributeValues":%s}`, expression, names, values)
	}
	put := func(attributes string) string { return `{"TableName":"journal","Item":{` + attributes + `}}` }
	query := func(expression, values, more string) string {
		return fmt.Sprintf(`{"TableName":"journal","IndexName":"due","KeyConditionExpression":%q,"ExpressionAttributeNames":{"#p":"due","#d":"due_at"},"ExpressionAttributeValues":%s%s}`, expression, values, more)
	}
	const dueBy1 = `{":p":{"S":"due"},":n":{"N":"1"}}`
	tests := []struct{ name, operation, body, want string }{
		{"operation", "UpdateItem", `{}`, "does not know the operation UpdateItem"},
		{"parameter", "GetItem", `{"TableName":"journal","ProjectionExpression":"pk"}`, `does not know the parameter \"ProjectionExpression\"`},
		{"type", "PutItem", put(`"pk":{"S":"a"},"m":{"M":{}}`), "does not know attributes of the type M"},
		{"no type", "PutItem", put(`"pk":{}`), "Supplied AttributeValue is empty"},
		{"null", "PutItem", put(`"pk":{"S":"a"},"b":{"B":null}`), "Supplied AttributeValue is empty"},
		{"two types", "PutItem", put(`"pk":{"S":"a","N":"1"}`), "more than one datatypes set"},
		{"fraction", "PutItem", put(`"pk":{"S":"a"},"n":{"N":"1.5"}`), "numbers that are not whole"},
		{"no number", "PutItem", put(`"pk":{"S":"a"},"n":{"N":"x"}`), "cannot be converted to a numeric value"},
		{"39 digits", "PutItem", put(`"pk":{"S":"a"},"n":{"N":"` + strings.Repeat("9", 39) + `"}`), "more than 38 significant digits"},
		{"39 digits, 38 of them significant", "PutItem", put(`"pk":{"S":"a"},"n":{"N":"` + strings.Repeat("9", 38) + `0"}`), "numbers of more than 38 digits"},
		{"missing key", "PutItem", put(`"x":{"S":"a"}`), "Missing the key pk in the item"},
		{"long key", "PutItem", put(`"pk":{"S":"` + strings.Repeat("x", 2049) + `"}`), "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"empty key", "GetItem", `{"TableName":"journal","Key":{"pk":{"S":""}}}`, "empty string value. Key: pk"},
		{"more than the key", "DeleteItem", `{"TableName":"journal","Key":{"pk":{"S":"a"},"x":{"S":"a"}}}`, "The provided key element does not match the schema"},
		{"index key", "PutItem", put(`"pk":{"S":"a"},"due_at":{"S":"1"}`), "Type mismatch for Index Key due_at Expected: N Actual: S IndexName: due"},
		{"empty index key", "PutItem", put(`"pk":{"S":"a"},"due":{"S":""}`), "IndexName: due, IndexKey: due"},
		{"long index key", "PutItem", put(`"pk":{"S":"a"},"due":{"S":"` + strings.Repeat("x", 2049) + `"}`), "Size of index key due"},
		{"large item", "PutItem", put(`"pk":{"S":"a"},"x":{"S":"` + strings.Repeat("x", 400<<10) + `"}`), "Item size has exceeded the maximum allowed size"},
		{"values to return", "PutItem", `{"TableName":"journal","Item":{"pk":{"S":"a"}},"ReturnValuesOnConditionCheckFailure":"ALL_NEW"}`, "enum value set: [ALL_OLD, NONE]"},
		{"table name", "GetItem", `{"TableName":"a b c"}`, "regular expression pattern"},
		{"no table name", "GetItem", `{}`, "Value null at 'tableName'"},
		{"short table name", "GetItem", `{"TableName":"ab"}`, "greater than or equal to 3"},
		{"long table name", "GetItem", `{"TableName":"` + strings.Repeat("a", 256) + `"}`, "less than or equal to 255"},

		{"names without an expression", "PutItem", `{"TableName":"journal","Item":{"pk":{"S":"a"}},"ExpressionAttributeNames":{"#a":"a"}}`, "ConditionExpression is null"},
		{"undefined name", "PutItem", condition("attribute_exists(#a)", `{}`, `{}`), "document path is not defined; attribute name: #a"},
		{"undefined value", "PutItem", condition("#a = :v", `{"#a":"a"}`, `{}`), "not defined; attribute value: :v"},
		{"unused name", "PutItem", condition("attribute_exists(#a)", `{"#a":"a","#b":"b"}`, `{}`), "ExpressionAttributeNames unused in expressions: keys: {#b}"},
		{"unused value", "PutItem", condition("attribute_exists(#a)", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "ExpressionAttributeValues unused in expressions: keys: {:v}"},
		{"plain name", "PutItem", condition("attribute_exists(#a) AND name = :v", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "does not know the word name"},
		{"comparator", "PutItem", condition("#a <> :v", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "does not know this in a ConditionExpression"},
		{"function", "PutItem", condition("contains(#a, :v)", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "does not know the function contains"},
		{"prefix of a number", "PutItem", condition("begins_with(#a, :v)", `{"#a":"a"}`, `{":v":{"N":"1"}}`), "Incorrect operand type"},
		{"no end", "PutItem", condition("attribute_exists(#a", `{"#a":"a"}`, `{}`), `Syntax error; token: \"\u003cEOF\u003e\"`},
		{"no bracket", "PutItem", condition("(attribute_exists(#a)", `{"#a":"a"}`, `{}`), "Syntax error"},
		{"no comma", "PutItem", condition("begins_with(#a :v)", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "Syntax error"},
		{"nothing behind AND", "PutItem", condition("attribute_exists(#a) AND", `{"#a":"a"}`, `{}`), "Syntax error"},
		{"nothing behind OR", "PutItem", condition("attribute_exists(#a) OR", `{"#a":"a"}`, `{}`), "Syntax error"},
		{"more behind the end", "PutItem", condition("attribute_exists(#a))", `{"#a":"a"}`, `{}`), `Syntax error; token: \")\"`},
		{"two names", "PutItem", condition("#a = #a", `{"#a":"a"}`, `{}`), "Syntax error"},
		{"value first", "PutItem", condition(":v = #a", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "Syntax error"},
		{"value as name", "PutItem", condition("attribute_exists(:v)", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "Syntax error"},
		{"no comparator", "PutItem", condition("#a :v", `{"#a":"a"}`, `{":v":{"S":"x"}}`), "Syntax error"},
		{"deep", "PutItem", condition(strings.Repeat("(", 5000), `{"#a":"a"}`, `{}`), "expression size: 5000"},

		{"no index", "Query", `{"TableName":"journal"}`, "does not know a Query without IndexName"},
		{"unknown index", "Query", `{"TableName":"journal","IndexName":"none"}`, "The table does not have the specified index: none"},
		{"no condition", "Query", `{"TableName":"journal","IndexName":"due"}`, "Query condition missed key schema element: due"},
		{"sort key only", "Query", `{"TableName":"journal","IndexName":"due","KeyConditionExpression":"#d = :n","ExpressionAttributeNames":{"#d":"due_at"},"ExpressionAttributeValues":{":n":{"N":"1"}}}`, "missed key schema element: due"},
		{"either", "Query", query("#p = :p OR #d <= :n", dueBy1, ""), "missed key schema element: due"},
		{"equal times", "Query", query("#p = :p AND #d = :n", dueBy1, ""), "another condition of the sort key"},
		{"partitions up to one", "Query", query("#p <= :p AND #d <= :n", dueBy1, ""), "missed key schema element: due"},
		{"type of a condition", "Query", query("#p = :p AND #d <= :n", `{":p":{"S":"due"},":n":{"S":"1"}}`, ""), "Condition parameter type does not match schema type"},
		{"limit", "Query", query("#p = :p AND #d <= :n", dueBy1, `,"Limit":0`), "at 'limit' failed"},
		{"start", "Query", query("#p = :p AND #d <= :n", dueBy1, `,"ExclusiveStartKey":{"pk":{"S":"a"}}`), "The provided starting key is invalid"},
		{"type of a start", "Query", query("#p = :p AND #d <= :n", dueBy1, `,"ExclusiveStartKey":{"pk":{"S":"a"},"due":{"S":"due"},"due_at":{"S":"1"}}`), "The provided starting key is invalid"},
		{"start beyond", "Query", query("#p = :p AND #d <= :n", dueBy1, `,"ExclusiveStartKey":{"pk":{"S":"a"},"due":{"S":"due"},"due_at":{"N":"2"}}`), "outside query boundaries"},
		{"start elsewhere", "Query", query("#p = :p AND #d <= :n", dueBy1, `,"ExclusiveStartKey":{"pk":{"S":"a"},"due":{"S":"a"},"due_at":{"N":"1"}}`), "outside query boundaries"},
		{"start of a scan", "Scan", `{"TableName":"journal","ExclusiveStartKey":{"x":{"S":"a"}}}`, "The provided starting key is invalid"},
		{"limit of a scan", "Scan", `{"TableName":"journal","Limit":-1}`, "at 'limit' failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			s.ServeHTTP(w, sandboxtest.Request("POST", "DynamoDB_20120810."+tt.operation, tt.body))
			if got := w.Body.String(); w.Code != 400 || !strings.Contains(got, validation) || !strings.Contains(got, tt.want) {
				t.Errorf("status %d: %s, want 400, ValidationException: %s", w.Code, got, tt.want)
			}
		})
	}
}
