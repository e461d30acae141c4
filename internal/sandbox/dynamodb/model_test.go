package dynamodb_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

// A modelled item. In no index if it has no time.
type modelled struct {
	pk, writeID string
	due         *int64
}

// TestModel drives conditional writes, deletions and queries in random order
// against a map. Few keys and times make collisions common.
func TestModel(t *testing.T) {
	t.Parallel()
	s := open(t, dynamodb.Config{})
	t.Cleanup(func() { _ = s.Close() })
	createTable(t, s)
	keys := []string{"a", "b\u0000", "b", "b\u0000c", "é"}
	rapid.Check(t, func(rt *rapid.T) {
		m := map[string]modelled{}
		for _, key := range keys { // of the last check
			call(t, s, "DeleteItem", fmt.Sprintf(`{"TableName":"journal","Key":{"pk":%s}}`, wireText(key)))
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put":    func(rt *rapid.T) { putModelled(rt, s, m, rapid.SampledFrom(keys).Draw(rt, "key")) },
			"delete": func(rt *rapid.T) { deleteModelled(rt, s, m, rapid.SampledFrom(keys).Draw(rt, "key")) },
			"query":  func(rt *rapid.T) { queryModelled(rt, s, m) },
			"":       func(rt *rapid.T) { scanModelled(rt, s, m) },
		})
	})
}

type modelAnswer struct {
	Type             string `json:"__type"`
	Item             map[string]map[string]string
	Items            []map[string]map[string]string
	LastEvaluatedKey json.RawMessage
}

func send(s *dynamodb.Server, operation, body string) modelAnswer {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, sandboxtest.Request("POST", "DynamoDB_20120810."+operation, body))
	var answer modelAnswer
	_ = json.Unmarshal(w.Body.Bytes(), &answer) // an answer that does not fit differs from the model
	return answer
}

func wireText(s string) string {
	b, _ := json.Marshal(map[string]string{"S": s}) // strings have no other way to fail than to be none
	return string(b)
}

func times() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.SampledFrom([]int64{0, -1, 9, 10, 99, 100, -10, -9}), rapid.Int64())
}

func putModelled(rt *rapid.T, s *dynamodb.Server, m map[string]modelled, key string) {
	next := modelled{pk: key, writeID: rapid.StringMatching(`[xyz]`).Draw(rt, "write id")}
	body := fmt.Sprintf(`{"TableName":"journal","ReturnValuesOnConditionCheckFailure":"ALL_OLD","Item":{"pk":%s,"write_id":%s`, wireText(key), wireText(next.writeID))
	if rapid.Bool().Draw(rt, "is due") {
		at := times().Draw(rt, "due")
		next.due = &at
		body += fmt.Sprintf(`,"due":{"S":"due"},"due_at":{"N":"%d"}`, at)
	}
	standing, exists := m[key]
	refused := exists
	if rapid.Bool().Draw(rt, "replace") {
		expected := rapid.StringMatching(`[xyz]`).Draw(rt, "expected")
		refused = standing.writeID != expected
		body += fmt.Sprintf(`},"ConditionExpression":"#w = :w","ExpressionAttributeNames":{"#w":"write_id"},"ExpressionAttributeValues":{":w":%s}}`, wireText(expected))
	} else {
		body += `},"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":"pk"}}`
	}
	answer := send(s, "PutItem", body)
	if got := strings.HasSuffix(answer.Type, "#ConditionalCheckFailedException"); got != refused || (answer.Type != "") != refused {
		rt.Fatalf("put: %q, want refused %t", answer.Type, refused)
	}
	if refused && answer.Item["write_id"]["S"] != standing.writeID {
		rt.Fatalf("put: refused with %v, want the item at %q", answer.Item, standing.writeID)
	}
	if !refused {
		m[key] = next
	}
}

func deleteModelled(rt *rapid.T, s *dynamodb.Server, m map[string]modelled, key string) {
	if answer := send(s, "DeleteItem", fmt.Sprintf(`{"TableName":"journal","Key":{"pk":%s}}`, wireText(key))); answer.Type != "" {
		rt.Fatalf("delete: %q", answer.Type)
	}
	delete(m, key)
}

// queryModelled reads the whole answer, page by page.
func queryModelled(rt *rapid.T, s *dynamodb.Server, m map[string]modelled) {
	now, limit, forward := times().Draw(rt, "now"), rapid.IntRange(1, 4).Draw(rt, "limit"), rapid.Bool().Draw(rt, "forward")
	body := fmt.Sprintf(`{"TableName":"journal","IndexName":"due","Limit":%d,"ScanIndexForward":%t,"KeyConditionExpression":"#p = :p AND #d <= :n",
		"ExpressionAttributeNames":{"#p":"due","#d":"due_at"},"ExpressionAttributeValues":{":p":{"S":"due"},":n":{"N":"%d"}}`, limit, forward, now)
	var got []string
	for start := ""; ; {
		answer := send(s, "Query", body+start+"}")
		if answer.Type != "" || len(answer.Items) > limit {
			rt.Fatalf("query: %q, %d items, want at most %d", answer.Type, len(answer.Items), limit)
		}
		for _, i := range answer.Items {
			if len(i) != 3 {
				rt.Fatalf("query: item %v, want keys only", i)
			}
			got = append(got, i["pk"]["S"]+" "+i["due_at"]["N"])
		}
		if answer.LastEvaluatedKey == nil {
			break
		}
		start = `,"ExclusiveStartKey":` + string(answer.LastEvaluatedKey)
	}
	if want := wantQuery(m, now, forward); !slices.Equal(got, want) {
		rt.Fatalf("query up to %d: got %q, want %q", now, got, want)
	}
}

func wantQuery(m map[string]modelled, now int64, forward bool) (want []string) {
	var found []modelled
	for _, i := range m {
		if i.due != nil && *i.due <= now {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b modelled) int { return cmp.Or(cmp.Compare(*a.due, *b.due), cmp.Compare(a.pk, b.pk)) })
	if !forward {
		slices.Reverse(found)
	}
	for _, i := range found {
		want = append(want, fmt.Sprint(i.pk, " ", *i.due))
	}
	return want
}

func scanModelled(rt *rapid.T, s *dynamodb.Server, m map[string]modelled) {
	answer := send(s, "Scan", `{"TableName":"journal"}`)
	if len(answer.Items) != len(m) {
		rt.Fatalf("scan: %d items, want %d", len(answer.Items), len(m))
	}
	for _, i := range answer.Items {
		if want := m[i["pk"]["S"]]; i["write_id"]["S"] != want.writeID {
			rt.Fatalf("scan: %v, want write id %q", i, want.writeID)
		}
	}
}
