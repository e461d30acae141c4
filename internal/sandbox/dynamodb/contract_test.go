package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/journal"
	"token-refresher/internal/sandbox/moto"
)

// A clause is one thing that the journal relies on: what happens, in few words.
type clause struct {
	name string
	do   func(t *testing.T, s subject) string
	want string   // empty if moto deviates
	key  moto.Key // of the deviation
}

var clauses = []clause{
	{name: "read of nothing", want: "nothing", do: func(t *testing.T, s subject) string { return s.read(t, "none") }},
	{name: "read of what was put", want: "1", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		return s.read(t, "a")
	}},
	{name: "put replaces the whole item", want: "2 attributes", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		s.put(t, row("a", "2", 0))
		return fmt.Sprint(len(read(t, s.Client, s.table, "a")), " attributes")
	}},
	{name: "put where there is none", want: "success, then ConditionalCheckFailedException of 1, and 1 stands", do: func(t *testing.T, s subject) string {
		first := s.putIf(t, row("a", "1", 0), "")
		second := s.putIf(t, row("a", "2", 0), "")
		return first + ", then " + second + ", and " + s.read(t, "a") + " stands"
	}},
	{name: "put in place of what was read", want: "success, then ConditionalCheckFailedException of 2, and 2 stands", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		first := s.putIf(t, row("a", "2", 0), "1")
		second := s.putIf(t, row("a", "3", 0), "1")
		return first + ", then " + second + ", and " + s.read(t, "a") + " stands"
	}},
	{name: "put in place of what is gone", want: "ConditionalCheckFailedException of nothing, and nothing stands", do: func(t *testing.T, s subject) string {
		return s.putIf(t, row("a", "2", 0), "1") + ", and " + s.read(t, "a") + " stands"
	}},
	{name: "the standing item only if asked for", want: "ConditionalCheckFailedException of nothing", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		_, err := s.PutItem(t.Context(), &ddb.PutItemInput{TableName: &s.table, Item: row("a", "2", 0),
			ConditionExpression: aws.String("attribute_not_exists(#k)"), ExpressionAttributeNames: map[string]string{"#k": "pk"}})
		return refusalOf(err)
	}},
	{name: "either of two conditions", want: "success, success, ConditionalCheckFailedException", do: func(t *testing.T, s subject) string {
		try := func(expected string) string {
			return s.conditional(t, row("a", "1", 0), "attribute_not_exists(#k) OR #w = :w", item{":w": text(expected)})
		}
		return try("none") + ", " + try("1") + ", " + try("2")
	}},
	{name: "both of two conditions", want: "ConditionalCheckFailedException, success", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		try := func(expected string) string {
			return s.conditional(t, row("a", "2", 0), "attribute_exists(#k) AND #w = :w", item{":w": text(expected)})
		}
		return try("2") + ", " + try("1")
	}},
	{name: "AND binds tighter than OR", want: "success, success", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		other := item{":w": text("other")}
		return s.conditional(t, row("a", "1", 0), "attribute_exists(#k) OR #w = :w AND #w = :w", other) + ", " +
			s.conditional(t, row("a", "1", 0), "#w = :w AND #w = :w OR attribute_exists(#k)", other)
	}},
	{name: "brackets come first", want: "ConditionalCheckFailedException", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		return s.conditional(t, row("a", "2", 0), "(attribute_exists(#k) OR #w = :w) AND #w = :w", item{":w": text("other")})
	}},
	{name: "a condition of another type", want: "ConditionalCheckFailedException", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		return s.conditional(t, row("a", "2", 0), "attribute_exists(#k) AND #w = :w", item{":w": number(1)})
	}},
	{name: "deletion", want: "nothing, then success", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		s.delete(t, "a")
		after := s.read(t, "a")
		_, err := s.DeleteItem(t.Context(), &ddb.DeleteItemInput{TableName: &s.table, Key: item{"pk": text("a")}})
		return after + due(t, s.Client, s.table, 100) + ", then " + outcome(err)
	}},
	{name: "bytes come back as they were", want: "00ff", do: func(t *testing.T, s subject) string {
		i := row("a", "1", 0)
		i["value"] = &types.AttributeValueMemberB{Value: []byte{0, 0xff}}
		s.put(t, i)
		b, _ := read(t, s.Client, s.table, "a")["value"].(*types.AttributeValueMemberB)
		return fmt.Sprintf("%x", b.Value)
	}},

	{name: "an index is sparse and in order", want: "c a d", do: func(t *testing.T, s subject) string {
		s.filled(t)
		return due(t, s.Client, s.table, 20)
	}},
	{name: "backwards", want: "d a c", do: func(t *testing.T, s subject) string {
		s.filled(t)
		in := dueQuery(s.table, 20)
		in.ScanIndexForward = aws.Bool(false)
		out, err := s.Query(t.Context(), in)
		return outcomeOf(err, func() string { return keysOf(out.Items) })
	}},
	{name: "an index follows its items", want: "d a", do: func(t *testing.T, s subject) string {
		s.filled(t)
		s.put(t, row("a", "2", 15))
		s.put(t, row("c", "2", 0))
		s.put(t, row("d", "2", 12))
		return due(t, s.Client, s.table, 20)
	}},
	{name: "numbers are in the order of numbers", want: "minus zero nine ten", do: func(t *testing.T, s subject) string {
		for key, at := range map[string]string{"ten": "10", "nine": "9", "zero": "0", "minus": "-9"} {
			s.put(t, item{"pk": text(key), "due": text("due"), "due_at": &types.AttributeValueMemberN{Value: at}})
		}
		return due(t, s.Client, s.table, 10)
	}},
	{name: "partitions of an index are kept apart", want: "a", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		for _, partition := range []string{"du", "due ", "due\x00", "due\x00\x01\x01\x015"} {
			s.put(t, item{"pk": text("in " + partition), "due": text(partition), "due_at": number(5)})
		}
		return due(t, s.Client, s.table, 100)
	}},
	{name: "pages of an index", want: "c a d | e", do: func(t *testing.T, s subject) string {
		s.filled(t)
		in := dueQuery(s.table, 100)
		in.Limit = aws.Int32(3)
		return s.pages(t, in)
	}},
	{name: "a page that ends with the last", key: moto.LastPage, do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		in := dueQuery(s.table, 100)
		in.Limit = aws.Int32(1)
		return s.pages(t, in)
	}},
	{name: "an index holds keys only", want: "due due_at pk", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		out, err := s.Query(t.Context(), dueQuery(s.table, 100))
		return outcomeOf(err, func() string { return namesOf(out.Items[0]) })
	}},
	{name: "a consistent read of an index", want: "ValidationException", do: func(t *testing.T, s subject) string {
		in := dueQuery(s.table, 100)
		in.ConsistentRead = aws.Bool(true)
		_, err := s.Query(t.Context(), in)
		return outcome(err)
	}},
	{name: "an index that is none", key: moto.NoIndex, do: func(t *testing.T, s subject) string {
		in := dueQuery(s.table, 100)
		in.IndexName = aws.String("none")
		_, err := s.Query(t.Context(), in)
		return outcome(err)
	}},
	{name: "a condition without the partition key", want: "ValidationException", do: func(t *testing.T, s subject) string {
		in := dueQuery(s.table, 100)
		in.KeyConditionExpression = aws.String("#d <= :n")
		in.ExpressionAttributeNames = map[string]string{"#d": "due_at"}
		in.ExpressionAttributeValues = item{":n": number(1)}
		_, err := s.Query(t.Context(), in)
		return outcome(err)
	}},

	{name: "a scan by prefix", want: "e#1 e#2, 2 of 3", do: func(t *testing.T, s subject) string {
		for _, key := range []string{"e#1", "n#1", "e#2"} {
			s.put(t, row(key, "1", 0))
		}
		out, err := s.Scan(t.Context(), &ddb.ScanInput{TableName: &s.table, FilterExpression: aws.String("begins_with(#k, :p)"),
			ExpressionAttributeNames: map[string]string{"#k": "pk"}, ExpressionAttributeValues: item{":p": text("e#")}})
		return outcomeOf(err, func() string {
			return fmt.Sprintf("%s, %d of %d", sorted(out.Items), out.Count, out.ScannedCount)
		})
	}},
	{name: "a scan in pages of 1 MB", want: "true", do: func(t *testing.T, s subject) string {
		const count = 7
		for n := range count {
			s.put(t, item{"pk": text(fmt.Sprint(n)), "value": text(strings.Repeat("x", 300<<10))})
		}
		pages, seen := 0, 0
		for p := ddb.NewScanPaginator(s.Client, &ddb.ScanInput{TableName: &s.table}); p.HasMorePages(); pages++ {
			out, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatalf("Scan: %v", err)
			}
			seen += len(out.Items)
		}
		return fmt.Sprint(pages > 1 && seen == count)
	}},

	{name: "item of 400 KB", key: moto.LargestItem, do: func(t *testing.T, s subject) string { return s.sized(t, 400<<10) }},
	{name: "item of more than 400 KB", want: "ValidationException", do: func(t *testing.T, s subject) string { return s.sized(t, 400<<10+1) }},
	{name: "no key", want: "ValidationException", do: func(t *testing.T, s subject) string { return s.try(t, item{"write_id": text("1")}) }},
	{name: "an empty key", want: "ValidationException", do: func(t *testing.T, s subject) string { return s.try(t, row("", "1", 0)) }},
	{name: "a key of another type", want: "ValidationException", do: func(t *testing.T, s subject) string { return s.try(t, item{"pk": number(1)}) }},
	{name: "an index key of another type", key: moto.IndexKeyType, do: func(t *testing.T, s subject) string {
		return s.try(t, item{"pk": text("a"), "due": text("due"), "due_at": text("1")})
	}},
	{name: "an empty index key", want: "ValidationException", do: func(t *testing.T, s subject) string {
		return s.try(t, item{"pk": text("a"), "due": text(""), "due_at": number(1)})
	}},
	{name: "a number that is none", want: "ValidationException", do: func(t *testing.T, s subject) string {
		return s.try(t, item{"pk": text("a"), "n": &types.AttributeValueMemberN{Value: "one"}})
	}},
	{name: "a read by something that is no key", want: "ValidationException", do: func(t *testing.T, s subject) string {
		_, err := s.GetItem(t.Context(), &ddb.GetItemInput{TableName: &s.table, Key: item{"write_id": text("1")}})
		return outcome(err)
	}},
	{name: "a value that is not used", key: moto.UnusedValue, do: func(t *testing.T, s subject) string {
		return s.conditional(t, row("a", "1", 0), "attribute_not_exists(#k) AND attribute_not_exists(#w)", item{":other": text("1")})
	}},

	{name: "no such table", want: "ResourceNotFoundException, ResourceNotFoundException, ResourceNotFoundException", do: func(t *testing.T, s subject) string {
		none := s.table + "-none"
		_, put := s.PutItem(t.Context(), &ddb.PutItemInput{TableName: &none, Item: row("a", "1", 0)})
		_, get := s.GetItem(t.Context(), &ddb.GetItemInput{TableName: &none, Key: item{"pk": text("a")}})
		_, describe := s.DescribeTable(t.Context(), &ddb.DescribeTableInput{TableName: &none})
		return outcome(put) + ", " + outcome(get) + ", " + outcome(describe)
	}},
	{name: "a table that exists", want: "ResourceInUseException", do: func(t *testing.T, s subject) string {
		_, err := s.CreateTable(t.Context(), journal.TableInput(s.table))
		return outcome(err)
	}},
	{name: "a table described", want: "ACTIVE, 1 items, key pk, indexes due ACTIVE KEYS_ONLY, publish ACTIVE KEYS_ONLY", do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		out, err := s.DescribeTable(t.Context(), &ddb.DescribeTableInput{TableName: &s.table})
		return outcomeOf(err, func() string {
			var indexes []string
			for _, x := range out.Table.GlobalSecondaryIndexes {
				indexes = append(indexes, fmt.Sprint(*x.IndexName, " ", x.IndexStatus, " ", x.Projection.ProjectionType))
			}
			return fmt.Sprintf("%s, %d items, key %s, indexes %s", out.Table.TableStatus, *out.Table.ItemCount, *out.Table.KeySchema[0].AttributeName, strings.Join(indexes, ", "))
		})
	}},
}

// TestContract holds our emulator and moto to the same clauses. Where moto
// deviates, it must deviate just so.
func TestContract(t *testing.T) {
	t.Parallel()
	deviations := make(map[moto.Key]moto.Deviation)
	for _, d := range moto.Deviations {
		deviations[d.Key] = d
	}
	t.Run("emulator", func(t *testing.T) {
		t.Parallel()
		for _, c := range clauses {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				hold(t, c, startEmpty(t).Client, c.want+deviations[c.key].AWS)
			})
		}
	})
	t.Run("moto", func(t *testing.T) {
		t.Parallel()
		endpoint := moto.Start(t)
		for _, c := range clauses {
			t.Run(c.name, func(t *testing.T) {
				hold(t, c, client(endpoint), c.want+deviations[c.key].Moto)
			})
		}
	})
}

func hold(t *testing.T, c clause, client *ddb.Client, want string) {
	t.Helper()
	s := subject{Client: client, table: strings.ReplaceAll(c.name, " ", "-")}
	if _, err := s.CreateTable(t.Context(), journal.TableInput(s.table)); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
	if got := c.do(t, s); got != want {
		t.Errorf("outcome %q, want %q", got, want)
	}
}

// TestDeviationsAreHeld: every deviation on the list is met by a clause, so that
// none outlives moto's change of mind.
func TestDeviationsAreHeld(t *testing.T) {
	t.Parallel()
	held := make(map[moto.Key]bool)
	for _, c := range clauses {
		held[c.key] = true
		if (c.want == "") == (c.key == "") {
			t.Errorf("clause %q needs either an outcome or a deviation", c.name)
		}
	}
	for _, d := range moto.Deviations {
		if strings.HasPrefix(d.Operation, "dynamodb:") && !held[d.Key] {
			t.Errorf("deviation %q is on the list and met by no clause", d.Key)
		}
	}
}
