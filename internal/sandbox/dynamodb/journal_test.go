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
	if want := count * (len("pk") + len("k00000") + 1000) >> 20; seen != count || pages < want {
		t.Errorf("scanned %d in %d pages, want %d in at least %d", seen, pages, count, want)
	}
}

// fill stores items of 1 KB and more, the later ones due earlier by name.
func fill(t *testing.T, s *dynamodb.Server, count int) {
	t.Helper()
	filler := fmt.Sprintf("%01000d", 0)
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
