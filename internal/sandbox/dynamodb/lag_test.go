package dynamodb_test

import (
	"testing"
	"time"

	"token-refresher/internal/sandbox/dynamodb"
)

const lag = 500 * time.Millisecond

func lagging(c *dynamodb.Config) { c.IndexLag = lag }

// TestIndexLag: items change at once, and indexes after the lag, in order.
func TestIndexLag(t *testing.T) {
	t.Parallel()
	e := start(t, lagging)
	expect := func(doing, want string) {
		t.Helper()
		if got := due(t, e.Client, tableName, 100); got != want {
			t.Errorf("%s: due %q, want %q", doing, got, want)
		}
	}
	store(t, e.Client, tableName, row("a", "1", 10))
	if got := read(t, e.Client, tableName, "a"); got == nil {
		t.Error("an item must not lag")
	}
	expect("at once", "")
	e.clock.Advance(lag - 1)
	expect("before the lag has passed", "")
	store(t, e.Client, tableName, row("b", "1", 20))
	e.clock.Advance(1)
	expect("after the lag of one", "a")

	store(t, e.Client, tableName, row("a", "2", 30))
	e.clock.Advance(lag / 2)
	store(t, e.Client, tableName, row("a", "3", 0))
	expect("after another change", "a")
	e.clock.Advance(lag / 2)
	expect("when it has moved", "b a")
	e.clock.Advance(lag / 2)
	expect("when it has left", "b")
}

// TestLagEndsWithARestart: what was held back is on disk, and shows.
func TestLagEndsWithARestart(t *testing.T) {
	t.Parallel()
	path, _ := stateFile(t)
	s := open(t, dynamodb.Config{Path: path, IndexLag: time.Hour})
	createTable(t, s)
	call(t, s, "PutItem", `{"TableName":"journal","Item":{"pk":{"S":"a"},"due":{"S":"due"},"due_at":{"N":"1"}}}`)
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	e := startEmpty(t, lagging, func(c *dynamodb.Config) { c.Path = path })
	if got := due(t, e.Client, tableName, 1); got != "a" {
		t.Errorf("due %q, want a", got)
	}
}
