package dynamodb_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/sandbox/sandboxtest"
)

// A subject is one DynamoDB under the contract, ours or moto's, and a table that
// this case has for itself.
type subject struct {
	*ddb.Client
	table string
}

func (s subject) put(t *testing.T, i item) {
	t.Helper()
	store(t, s.Client, s.table, i)
}

func (s subject) try(t *testing.T, i item) string {
	t.Helper()
	_, err := s.PutItem(t.Context(), &ddb.PutItemInput{TableName: &s.table, Item: i})
	return sandboxtest.Outcome(err)
}

// sized puts an item of so many bytes.
func (s subject) sized(t *testing.T, size int) string {
	t.Helper()
	return s.try(t, item{"pk": text("a"), "value": text(strings.Repeat("x", size-len("pk"+"a"+"value")))})
}

// filled puts items of which four are in the index: c, a, d, e.
func (s subject) filled(t *testing.T) {
	t.Helper()
	for key, at := range map[string]int{"a": 10, "b": 0, "c": 5, "d": 20, "e": 21} {
		s.put(t, row(key, "1", at))
	}
	s.put(t, item{"pk": text("half"), "due": text("due")})
	s.put(t, item{"pk": text("other half"), "due_at": number(1)})
}

func (s subject) delete(t *testing.T, key string) {
	t.Helper()
	if _, err := s.DeleteItem(t.Context(), &ddb.DeleteItemInput{TableName: &s.table, Key: item{"pk": text(key)}}); err != nil {
		t.Fatalf("DeleteItem: %v", err)
	}
}

// read tells an item's write id.
func (s subject) read(t *testing.T, key string) string {
	t.Helper()
	return writeIDOf(read(t, s.Client, s.table, key))
}

// putIf puts an item in place of the one with a write id, or of none if that is
// "", as the journal does.
func (s subject) putIf(t *testing.T, i item, replaces string) string {
	t.Helper()
	in := &ddb.PutItemInput{
		TableName: &s.table, Item: i, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		ConditionExpression: aws.String("attribute_not_exists(#a)"), ExpressionAttributeNames: map[string]string{"#a": "pk"},
	}
	if replaces != "" {
		in.ConditionExpression, in.ExpressionAttributeNames = aws.String("#a = :v"), map[string]string{"#a": "write_id"}
		in.ExpressionAttributeValues = item{":v": text(replaces)}
	}
	_, err := s.PutItem(t.Context(), in)
	return refusalOf(err)
}

// conditional puts an item under a condition of the key #k and the write id #w.
func (s subject) conditional(t *testing.T, i item, condition string, values item) string {
	t.Helper()
	_, err := s.PutItem(t.Context(), &ddb.PutItemInput{
		TableName: &s.table, Item: i, ConditionExpression: &condition,
		ExpressionAttributeNames: map[string]string{"#k": "pk", "#w": "write_id"}, ExpressionAttributeValues: values,
	})
	return sandboxtest.Outcome(err)
}

// pages tells the keys of each page, and how the last one ended.
func (s subject) pages(t *testing.T, in *ddb.QueryInput) string {
	t.Helper()
	var pages []string
	for {
		out, err := s.Query(t.Context(), in)
		if err != nil {
			t.Fatalf("Query: %v", err)
		}
		if len(out.Items) > 0 {
			pages = append(pages, keysOf(out.Items))
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(out.LastEvaluatedKey) == 0 {
			if len(out.Items) == 0 {
				pages = append(pages, "end")
			}
			return strings.Join(pages, " | ")
		}
	}
}

func writeIDOf(i item) string {
	if i == nil {
		return "nothing"
	}
	id, _ := i["write_id"].(*types.AttributeValueMemberS)
	return id.Value
}

func outcomeOf(err error, describe func() string) string {
	if err != nil {
		return sandboxtest.Outcome(err)
	}
	return describe()
}

func sorted(items []item) string {
	keys := strings.Fields(keysOf(items))
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

func namesOf(i item) string { return strings.Join(slices.Sorted(maps.Keys(i)), " ") }

// refusalOf is the outcome of a conditional put, with what stands there.
func refusalOf(err error) string {
	failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok {
		return sandboxtest.Outcome(err)
	}
	return sandboxtest.Outcome(err) + " of " + writeIDOf(failed.Item)
}
