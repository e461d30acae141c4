package dynamodb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/journal"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/token"
)

// TestJournal holds the journal's contract on this emulator, through the SDK
// with its retries and with a state file. Package journal holds it on moto.
func TestJournal(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T, o journaltest.Options) journaltest.Backend {
		t.Helper()
		path, atPath := stateFile(t)
		e := start(t, atPath)
		c := client(e.endpoint, withRetries)
		j, err := journal.New(journal.Config{Client: c, Table: tableName, Seal: o.Seal, NewID: o.NewID, Timeout: time.Minute})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		return journaltest.Backend{
			Journal:    j,
			Rows:       func(t *testing.T) []journal.Row { return rows(t, c) },
			SetRow:     func(t *testing.T, r journal.Row) { store(t, c, tableName, itemOf(r)) },
			RemoveRow:  func(t *testing.T, id token.ID) { remove(t, c, id) },
			LoseAnswer: func() { loseOneAnswer(e.server) },
			AllBytes:   func(t *testing.T) []byte { return contents(t, path) },
		}
	})
}

func withRetries(o *ddb.Options) {
	o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func remove(t *testing.T, c *ddb.Client, id token.ID) {
	t.Helper()
	_, err := c.DeleteItem(t.Context(), &ddb.DeleteItemInput{TableName: aws.String(tableName), Key: item{"pk": text(journal.Key(id))}})
	if err != nil {
		t.Fatalf("DeleteItem: %v", err)
	}
}

func rows(t *testing.T, c *ddb.Client) (rows []journal.Row) {
	t.Helper()
	out, err := c.Scan(t.Context(), &ddb.ScanInput{TableName: aws.String(tableName)})
	if err != nil {
		t.Fatalf("Scan: %v", err)
	}
	for _, i := range out.Items {
		rows = append(rows, rowOf(t, i))
	}
	return rows
}

func rowOf(t *testing.T, i item) journal.Row {
	t.Helper()
	r := journal.Row{Key: keyOf(i), WriteID: writeIDOf(i), Schema: numberOf(t, i["schema"])}
	if document, ok := i["document"].(*types.AttributeValueMemberS); ok {
		r.Document = []byte(document.Value)
	}
	if sealed, ok := i["sealed"].(*types.AttributeValueMemberB); ok {
		r.Sealed = sealed.Value
	}
	for name, at := range map[string]*int64{"due_at": &r.DueAt, "publish_at": &r.PublishAt} {
		if i[name] != nil {
			*at = int64(numberOf(t, i[name]))
		}
	}
	return r
}

func itemOf(r journal.Row) item {
	i := item{"pk": text(r.Key), "write_id": text(r.WriteID), "schema": number(r.Schema), "document": text(string(r.Document))}
	if r.Sealed != nil {
		i["sealed"] = &types.AttributeValueMemberB{Value: r.Sealed}
	}
	if r.DueAt != 0 {
		i["due"], i["due_at"] = text("due"), number(int(r.DueAt))
	}
	if r.PublishAt != 0 {
		i["publish"], i["publish_at"] = text("publish"), number(int(r.PublishAt))
	}
	return i
}

func loseOneAnswer(s *dynamodb.Server) {
	var lost atomic.Bool
	s.SetFault(func(c dynamodb.Call) *dynamodb.Fault {
		if c.Operation == "PutItem" && lost.CompareAndSwap(false, true) {
			return &dynamodb.Fault{LoseAnswer: true}
		}
		return nil
	})
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the state file: %v", err)
	}
	return b
}

// TestMany: an index of 10,000 entries is walked, not sorted, and a list of them
// comes in pages.
func TestMany(t *testing.T) {
	t.Parallel()
	const count = 10_000
	e := start(t)
	fill(t, e.server, count)
	began := time.Now()
	const reads = 50
	for range reads {
		in := dueQuery(tableName, count)
		in.Limit = aws.Int32(100)
		out, err := e.Query(t.Context(), in)
		if err != nil || len(out.Items) != 100 || keyOf(out.Items[99]) != "k00099" {
			t.Fatalf("Query: %d items, error %v, want 100 up to k00099", len(out.Items), err)
		}
	}
	t.Logf("a query of 100 among %d: %v", count, time.Since(began)/reads)
	began = time.Now()
	seen, pages := 0, 0
	for p := ddb.NewScanPaginator(e.Client, &ddb.ScanInput{TableName: aws.String(tableName)}); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatalf("Scan: %v", err)
		}
		seen += len(out.Items)
	}
	t.Logf("a scan of %d in %d pages: %v", count, pages, time.Since(began))
	if want := count * (len("pk") + len("k00000") + 200) >> 20; seen != count || pages < want {
		t.Errorf("scanned %d in %d pages, want %d in at least %d", seen, pages, count, want)
	}
}

// fill stores items of more than 200 bytes, due in the order of their keys.
func fill(t *testing.T, s *dynamodb.Server, count int) {
	t.Helper()
	filler := fmt.Sprintf("%0200d", 0)
	for n := range count {
		call(t, s, "PutItem", fmt.Sprintf(`{"TableName":%q,"Item":{"pk":{"S":"k%05d"},"filler":{"S":%q},"due":{"S":"due"},"due_at":{"N":"%d"}}}`, tableName, n, filler, n+1))
	}
}

// TestReopened: what was stored is there after a restart.
func TestReopened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, dynamodb.Config{Path: path})
	createTable(t, s)
	call(t, s, "PutItem", `{"TableName":"journal","Item":{"pk":{"S":"a"},"due":{"S":"due"},"due_at":{"N":"1"}}}`)
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	e := startEmpty(t, func(c *dynamodb.Config) { c.Path = path })
	if got := read(t, e.Client, tableName, "a"); len(got) != 3 {
		t.Errorf("read %v after a restart, want the item", got)
	}
	if got := due(t, e.Client, tableName, 1); got != "a" {
		t.Errorf("due %q after a restart, want a", got)
	}
}
