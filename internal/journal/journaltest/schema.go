package journaltest

import (
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	"token-refresher/internal/journal"
	"token-refresher/internal/token"
)

// withField is a row as a later schema might write it.
func withField(t *testing.T, row journal.Row, name, value string) journal.Row {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(row.Document, &fields); err != nil {
		t.Fatalf("the document of %s: %v", row.Key, err)
	}
	fields[name] = json.RawMessage(value)
	document, err := json.Marshal(fields)
	if err != nil {
		t.Fatalf("the document of %s: %v", row.Key, err)
	}
	row.Document = document
	return row
}

func testNewerSchema(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	b.rows(t)
	mustSwap(t, b.Journal, token.Entry{}, Answered(dk, 1))
	row := withField(t, rowOf(t, b, dk), "attempts", `[{"code":"x"}]`)
	row = withField(t, row, "reader", strconv.Itoa(journal.Schema))
	row.Schema = journal.Schema + 1
	b.SetRow(t, row)

	read := mustGet(t, b.Journal, dk)
	if read.Schema != journal.Schema+1 || string(read.Extra["attempts"]) != `[{"code":"x"}]` {
		t.Errorf("read with schema %d and extra %s", read.Schema, read.Extra)
	}
	committed, err := read.Commit(1, Answered(dk, 2).Grant, Answered(dk, 2).Access, at(20))
	if err != nil {
		t.Fatalf("Commit error = %v, want nil", err)
	}
	mustSwap(t, b.Journal, read, committed)
	again := mustGet(t, b.Journal, dk)
	differ(t, "after a commit of this version", again, committed)
	if again.Schema != journal.Schema+1 || string(again.Extra["attempts"]) != `[{"code":"x"}]` || string(again.Extra["reader"]) != "1" {
		t.Errorf("after a commit of this version: schema %d, extra %s", again.Schema, again.Extra)
	}
}

func testNewerReader(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	b.rows(t)
	first := mustSwap(t, b.Journal, token.Entry{}, Answered(dk, 1))
	row := withField(t, rowOf(t, b, dk), "reader", strconv.Itoa(journal.Schema+1))
	row.Schema, row.WriteID = journal.Schema+1, "later"
	b.SetRow(t, row)

	if _, err := b.Journal.Get(t.Context(), dk); !errors.Is(err, token.ErrUnreadable) {
		t.Errorf("Get error = %v, want %v", err, token.ErrUnreadable)
	}
	for name, old := range map[string]token.Entry{"made": {}, "replaced": first} {
		if _, err := b.Journal.Swap(t.Context(), old, Answered(dk, 2)); !errors.Is(err, token.ErrUnreadable) {
			t.Errorf("%s: Swap error = %v, want %v", name, err, token.ErrUnreadable)
		}
	}
	if got := rowOf(t, b, dk); got.WriteID != "later" {
		t.Error("a row for newer readers was overwritten")
	}
}

func testUnreadableRow(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	b.rows(t)
	for n, id := range []token.ID{dk, fi, se} {
		e := Answered(id, 1)
		e.DueAt = at(n)
		mustSwap(t, b.Journal, token.Entry{}, e)
	}
	row := rowOf(t, b, dk)
	for _, broken := range []journal.Row{
		{Key: "grant#NO", WriteID: "x", Schema: 1, Document: row.Document, DueAt: row.DueAt},
		{Key: row.Key, WriteID: "x", Schema: 1, Document: json.RawMessage(`"no object"`), DueAt: row.DueAt},
		{Key: journal.Key(fi), WriteID: "x", Schema: 1, Document: json.RawMessage(`{"memory":"no"}`)},
	} {
		b.SetRow(t, broken)
	}
	for _, id := range []token.ID{dk, fi} {
		if _, err := b.Journal.Get(t.Context(), id); !errors.Is(err, token.ErrUnreadable) {
			t.Errorf("Get(%s) error = %v, want %v", id, err, token.ErrUnreadable)
		}
	}
	unreadable, readable := map[token.ID]bool{}, 0
	for e, err := range b.Journal.Entries(t.Context()) {
		switch {
		case err == nil:
			readable++
		case errors.Is(err, token.ErrUnreadable):
			unreadable[e.ID] = true
		default:
			t.Errorf("Entries error = %v, want nil or %v", err, token.ErrUnreadable)
		}
	}
	if !unreadable[dk] || !unreadable[fi] || !unreadable[token.ID{}] || readable != 1 {
		t.Errorf("listed %d readable entries and unreadable %v, want 1 and %s, %s and one without an id", readable, unreadable, dk, fi)
	}
	found, err := b.Journal.Due(t.Context(), at(100), 10)
	if err != nil || len(found) == 0 || found[len(found)-1] != se {
		t.Errorf("Due = %v, %v, want %s last", found, err, se)
	}
}

func testFullMemory(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	e := Full(dk)
	e.Removed, e.Parked = false, false
	for n := range 100 {
		e.Memory = e.Memory.With(token.NewSecret("token-"+strconv.Itoa(n)), int64(1_000_000+n))
	}
	mustSwap(t, j, token.Entry{}, e)
	got := mustGet(t, j, dk)
	differ(t, "with a full memory", got, e)
	if revision, known := got.Memory.Revision(token.NewSecret("token-99")); !known || revision != 1_000_099 {
		t.Errorf("the last refresh token has revision %d, %t, want 1000099", revision, known)
	}
}
