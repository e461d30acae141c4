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
	"token-refresher/internal/sandbox/sandboxtest"
)

type clause = moto.Clause[subject]

var clauses = []clause{
	{Name: "read of nothing", Want: "nothing", Do: func(t *testing.T, s subject) string { return s.read(t, "none") }},
	{Name: "read of what was put", Want: "1", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		return s.read(t, "a")
	}},
	{Name: "put replaces the whole item", Want: "2 attributes", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		s.put(t, row("a", "2", 0))
		return fmt.Sprint(len(read(t, s.Client, s.table, "a")), " attributes")
	}},
	{Name: "put where there is none", Want: "success, then ConditionalCheckFailedException of 1, and 1 stands", Do: func(t *testing.T, s subject) string {
		first := s.putIf(t, row("a", "1", 0), "")
		second := s.putIf(t, row("a", "2", 0), "")
		return first + ", then " + second + ", and " + s.read(t, "a") + " stands"
	}},
	{Name: "put in place of what was read", Want: "success, then ConditionalCheckFailedException of 2, and 2 stands", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		first := s.putIf(t, row("a", "2", 0), "1")
		second := s.putIf(t, row("a", "3", 0), "1")
		return first + ", then " + second + ", and " + s.read(t, "a") + " stands"
	}},
	{Name: "put in place of what is gone", Want: "ConditionalCheckFailedException of nothing, and nothing stands", Do: func(t *testing.T, s subject) string {
		return s.putIf(t, row("a", "2", 0), "1") + ", and " + s.read(t, "a") + " stands"
	}},
	{Name: "the standing item only if asked for", Want: "ConditionalCheckFailedException of nothing", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		_, err := s.PutItem(t.Context(), &ddb.PutItemInput{TableName: &s.table, Item: row("a", "2", 0),
			ConditionExpression: aws.String("attribute_not_exists(#k)"), ExpressionAttributeNames: map[string]string{"#k": "pk"}})
		return refusalOf(err)
	}},
	{Name: "either of two conditions", Want: "success, success, ConditionalCheckFailedException", Do: func(t *testing.T, s subject) string {
		try := func(expected string) string {
			return s.conditional(t, row("a", "1", 0), "attribute_not_exists(#k) OR #w = :w", item{":w": text(expected)})
		}
		return try("none") + ", " + try("1") + ", " + try("2")
	}},
	{Name: "both of two conditions", Want: "ConditionalCheckFailedException, success", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		try := func(expected string) string {
			return s.conditional(t, row("a", "2", 0), "attribute_exists(#k) AND #w = :w", item{":w": text(expected)})
		}
		return try("2") + ", " + try("1")
	}},
	{Name: "AND binds tighter than OR", Want: "success, success", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		other := item{":w": text("other")}
		return s.conditional(t, row("a", "1", 0), "attribute_exists(#k) OR #w = :w AND #w = :w", other) + ", " +
			s.conditional(t, row("a", "1", 0), "#w = :w AND #w = :w OR attribute_exists(#k)", other)
	}},
	{Name: "brackets come first", Want: "ConditionalCheckFailedException", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		return s.conditional(t, row("a", "2", 0), "(attribute_exists(#k) OR #w = :w) AND #w = :w", item{":w": text("other")})
	}},
	{Name: "a condition of another type", Want: "ConditionalCheckFailedException", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 0))
		return s.conditional(t, row("a", "2", 0), "attribute_exists(#k) AND #w = :w", item{":w": number(1)})
	}},
	{Name: "deletion", Want: "nothing, then success", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		s.delete(t, "a")
		after := s.read(t, "a")
		_, err := s.DeleteItem(t.Context(), &ddb.DeleteItemInput{TableName: &s.table, Key: item{"pk": text("a")}})
		return after + due(t, s.Client, s.table, 100) + ", then " + sandboxtest.Outcome(err)
	}},
	{Name: "bytes come back as they were", Want: "00ff", Do: func(t *testing.T, s subject) string {
		i := row("a", "1", 0)
		i["value"] = &types.AttributeValueMemberB{Value: []byte{0, 0xff}}
		s.put(t, i)
		b, _ := read(t, s.Client, s.table, "a")["value"].(*types.AttributeValueMemberB)
		return fmt.Sprintf("%x", b.Value)
	}},

	{Name: "an index is sparse and in order", Want: "c a d", Do: func(t *testing.T, s subject) string {
		s.filled(t)
		return due(t, s.Client, s.table, 20)
	}},
	{Name: "backwards", Want: "d a c", Do: func(t *testing.T, s subject) string {
		s.filled(t)
		in := dueQuery(s.table, 20)
		in.ScanIndexForward = aws.Bool(false)
		out, err := s.Query(t.Context(), in)
		return outcomeOf(err, func() string { return keysOf(out.Items) })
	}},
	{Name: "an index follows its items", Want: "d a", Do: func(t *testing.T, s subject) string {
		s.filled(t)
		s.put(t, row("a", "2", 15))
		s.put(t, row("c", "2", 0))
		s.put(t, row("d", "2", 12))
		return due(t, s.Client, s.table, 20)
	}},
	{Name: "numbers are in the order of numbers", Want: "minus zero nine ten", Do: func(t *testing.T, s subject) string {
		for key, at := range map[string]string{"ten": "10", "nine": "9", "zero": "0", "minus": "-9"} {
			s.put(t, item{"pk": text(key), "due": text("due"), "due_at": &types.AttributeValueMemberN{Value: at}})
		}
		return due(t, s.Client, s.table, 10)
	}},
	{Name: "partitions of an index are kept apart", Want: "a", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		for _, partition := range []string{"du", "due ", "due\x00", "due\x00\x01\x01\x015"} {
			s.put(t, item{"pk": text("in " + partition), "due": text(partition), "due_at": number(5)})
		}
		return due(t, s.Client, s.table, 100)
	}},
	{Name: "pages of an index", Want: "c a d | e", Do: func(t *testing.T, s subject) string {
		s.filled(t)
		in := dueQuery(s.table, 100)
		in.Limit = aws.Int32(3)
		return s.pages(t, in)
	}},
	{Name: "a page that ends with the last", Key: moto.LastPage, Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		in := dueQuery(s.table, 100)
		in.Limit = aws.Int32(1)
		return s.pages(t, in)
	}},
	{Name: "an index holds keys only", Want: "due due_at pk", Do: func(t *testing.T, s subject) string {
		s.put(t, row("a", "1", 5))
		out, err := s.Query(t.Context(), dueQuery(s.table, 100))
		return outcomeOf(err, func() string { return namesOf(out.Items[0]) })
	}},
	{Name: "a consistent read of an index", Want: "ValidationException", Do: func(t *testing.T, s subject) string {
		in := dueQuery(s.table, 100)
		in.ConsistentRead = aws.Bool(true)
		_, err := s.Query(t.Context(), in)
		return sandboxtest.Outcome(err)
	}},
	{Name: "an index that is none", Key: moto.NoIndex, Do: func(t *testing.T, s subject) string {
		in := dueQuery(s.table, 100)
		in.IndexName = aws.String("none")
		_, err := s.Query(t.Context(), in)
		return sandboxtest.Outcome(err)
	}},
	{Name: "a condition without the partition key", Want: "ValidationException", Do: func(t *testing.T, s subject) string {
		in := dueQuery(s.table, 100)
		in.KeyConditionExpression = aws.String("#d <= :n")
		in.ExpressionAttributeNames = map[string]string{"#d": "due_at"}
		in.ExpressionAttributeValues = item{":n": number(1)}
		_, err := s.Query(t.Context(), in)
		return sandboxtest.Outcome(err)
	}},

	{Name: "a scan by prefix", Want: "e#1 e#2, 2 of 3", Do: func(t *testing.T, s subject) string {
		for _, key := range []string{"e#1", "n#1", "e#2"} {
			s.put(t, row(key, "1", 0))
		}
		out, err := s.Scan(t.Context(), &ddb.ScanInput{TableName: &s.table, FilterExpression: aws.String("begins_with(#k, :p)"),
			ExpressionAttributeNames: map[string]string{"#k": "pk"}, ExpressionAttributeValues: item{":p": text("e#")}})
		return outcomeOf(err, func() string {
			return fmt.Sprintf("%s, %d of %d", sorted(out.Items), out.Count, out.ScannedCount)
		})
	}},
	{Name: "a scan in pages of 1 MB", Want: "true", Do: func(t *testing.T, s subject) string {
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

	{Name: "item of 400 KB", Key: moto.LargestItem, Do: func(t *testing.T, s subject) string { return s.sized(t, 400<<10) }},
	{Name: "item of more than 400 KB", Want: "ValidationException", Do: func(t *testing.T, s subject) string { return s.sized(t, 400<<10+1) }},
	{Name: "no key", Want: "ValidationException", Do: func(t *testing.T, s subject) string { return s.try(t, item{"write_id": text("1")}) }},
	{Name: "an empty key", Want: "ValidationException", Do: func(t *testing.T, s subject) string { return s.try(t, row("", "1", 0)) }},
	{Name: "a key of another type", Want: "ValidationException", Do: func(t *testing.T, s subject) string { return s.try(t, item{"pk": number(1)}) }},
	{Name: "an index key of another type", Key: moto.IndexKeyType, Do: func(t *testing.T, s subject) string {
		return s.try(t, item{"pk": text("a"), "due": text("due"), "due_at": text("1")})
	}},
	{Name: "an empty index key", Want: "ValidationException", Do: func(t *testing.T, s subject) string {
		return s.try(t, item{"pk": text("a"), "due": text(""), "due_at": number(1)})
	}},
	{Name: "a number that is none", Want: "ValidationException", Do: func(t *testing.T, s subject) string {
		return s.try(t, item{"pk": text("a"), "n": &types.AttributeValueMemberN{Value: "one"}})
	}},
	{Name: "a read by something that is no key", Want: "ValidationException", Do: func(t *testing.T, s subject) string {
		_, err := s.GetItem(t.Context(), &ddb.GetItemInput{TableName: &s.table, Key: item{"write_id": text("1")}})
		return sandboxtest.Outcome(err)
	}},
	{Name: "a value that is not used", Key: moto.UnusedValue, Do: func(t *testing.T, s subject) string {
		return s.conditional(t, row("a", "1", 0), "attribute_not_exists(#k) AND attribute_not_exists(#w)", item{":other": text("1")})
	}},

	{Name: "no such table", Want: "ResourceNotFoundException, ResourceNotFoundException, ResourceNotFoundException", Do: func(t *testing.T, s subject) string {
		none := s.table + "-none"
		_, put := s.PutItem(t.Context(), &ddb.PutItemInput{TableName: &none, Item: row("a", "1", 0)})
		_, get := s.GetItem(t.Context(), &ddb.GetItemInput{TableName: &none, Key: item{"pk": text("a")}})
		_, describe := s.DescribeTable(t.Context(), &ddb.DescribeTableInput{TableName: &none})
		return sandboxtest.Outcome(put) + ", " + sandboxtest.Outcome(get) + ", " + sandboxtest.Outcome(describe)
	}},
	{Name: "a table that exists", Want: "ResourceInUseException", Do: func(t *testing.T, s subject) string {
		_, err := s.CreateTable(t.Context(), journal.TableInput(s.table))
		return sandboxtest.Outcome(err)
	}},
	{Name: "a table described", Want: "ACTIVE, 1 items, key pk, indexes due ACTIVE KEYS_ONLY, publish ACTIVE KEYS_ONLY", Do: func(t *testing.T, s subject) string {
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

func contract() moto.Contract[subject] {
	at := func(t *testing.T, c clause, client *ddb.Client) subject {
		t.Helper()
		s := subject{Client: client, table: strings.ReplaceAll(c.Name, " ", "-")}
		if _, err := s.CreateTable(t.Context(), journal.TableInput(s.table)); err != nil {
			t.Fatalf("CreateTable: %v", err)
		}
		return s
	}
	return moto.Contract[subject]{
		Service: "dynamodb",
		Clauses: clauses,
		Emulator: func(t *testing.T, c clause) subject {
			t.Helper()
			return at(t, c, startEmpty(t).Client)
		},
		Moto: func(t *testing.T, endpoint string, c clause) subject {
			t.Helper()
			return at(t, c, client(endpoint))
		},
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	contract().Hold(t)
}

func TestDeviationsAreHeld(t *testing.T) {
	t.Parallel()
	contract().MeetsDeviations(t)
}
