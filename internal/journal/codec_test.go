package journal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"token-refresher/internal/journal"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/token"
)

func newCodec(t testing.TB) *journal.Codec {
	t.Helper()
	codec, err := journal.NewCodec(journaltest.Sealer(t), func() string { return "write-1" })
	if err != nil {
		t.Fatalf("NewCodec: %v", err)
	}
	return codec
}

func encode(t testing.TB, e token.Entry) journal.Row {
	t.Helper()
	w, err := newCodec(t).Encode(t.Context(), token.Entry{}, e)
	if err != nil {
		t.Fatalf("Encode error = %v, want nil", err)
	}
	return w.Row
}

// A row that was written once is read for ever: by this version and, field by
// field, by the neighbours that run beside it during a deployment.
func TestRowOfSchema1(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/row1.json")
	if err != nil {
		t.Fatalf("read the row: %v", err)
	}
	var row journal.Row
	if err := json.Unmarshal(text, &row); err != nil {
		t.Fatalf("parse the row: %v", err)
	}
	got, err := newCodec(t).Decode(t.Context(), row)
	if err != nil {
		t.Fatalf("Decode error = %v, want nil", err)
	}
	want := journaltest.Full(dk)
	want.Removal, want.Untold, want.Result.PardonedAt = token.Removal{}, nil, time.Time{} // later fields of the same schema
	ignored := cmpopts.IgnoreFields(token.Entry{}, "WriteID", "Schema", "Blob", "Extra")
	if diff := cmp.Diff(want, got, ignored); diff != "" {
		t.Errorf("the row reads as another entry (-want +got):\n%s", diff)
	}
	again := encode(t, want)
	var was, is any
	if json.Unmarshal(row.Document, &was) != nil || json.Unmarshal(again.Document, &is) != nil || !cmp.Equal(was, is) {
		t.Errorf("the entry is written another way: %s, want %s", again.Document, row.Document)
	}
	if again.DueAt != row.DueAt || again.PublishAt != row.PublishAt || again.Schema != row.Schema || again.Key != row.Key {
		t.Errorf("the row is written as %s of schema %d at %d and %d", again.Key, again.Schema, again.DueAt, again.PublishAt)
	}
}

// Whatever a row holds, reading it ends in an entry or in an error that shows
// nothing of it, and what was read is written again as it was.
func FuzzDecode(f *testing.F) {
	row := encode(f, journaltest.Full(dk))
	codec := newCodec(f)
	f.Add([]byte(row.Document), row.Sealed)
	f.Add([]byte(`{"memory":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","result":{"latch":{"fingerprint":"x"}}}`), []byte{1})
	f.Add([]byte(`{"reader":2}`), []byte(nil))
	f.Add([]byte(`{"Due_At":"2026-03-01T12:00:00Z","revision":9223372036854775807}`), []byte(nil))
	f.Add([]byte("null"), row.Sealed)
	f.Fuzz(func(t *testing.T, document, sealed []byte) {
		e, err := codec.Decode(t.Context(), journal.Row{Key: row.Key, WriteID: "w", Schema: 1, Document: document, Sealed: sealed})
		if err != nil {
			if !errors.Is(err, token.ErrUnreadable) || len(err.Error()) > 200 {
				t.Errorf("Decode error = %v, want a short %v", err, token.ErrUnreadable)
			}
			return
		}
		again, err := codec.Encode(t.Context(), e, e)
		if err != nil {
			return // such as a time that no index holds
		}
		if !bytes.Equal(again.Row.Sealed, sealed) || again.Stored.Revision != e.Revision {
			t.Errorf("the sealed answer of %d bytes was stored as %d bytes", len(sealed), len(again.Row.Sealed))
		}
	})
}

func TestErrorsTellNothing(t *testing.T) {
	t.Parallel()
	codec := newCodec(t)
	for _, document := range []string{`{"revision":"hidden"}`, `{"memory":"hidden:1"}`, `hidden`, `{"reader":"hidden-hidden"}`} {
		row := journal.Row{Key: journal.Key(dk), WriteID: "w", Schema: 1, Document: []byte(document)}
		_, err := codec.Decode(t.Context(), row)
		if !errors.Is(err, token.ErrUnreadable) || strings.Contains(err.Error(), "hidden-hidden") || strings.Contains(err.Error(), "hidden:1") {
			t.Errorf("Decode of %s error = %v, want %v and nothing of it", document, err, token.ErrUnreadable)
		}
	}
}

func TestRowSize(t *testing.T) {
	t.Parallel()
	e := journaltest.Full(dk)
	e.Extra = nil
	for n := range 64 {
		e.Memory = e.Memory.With(token.NewSecret(strings.Repeat("r", n+1)), int64(100_000+n))
	}
	e.Access.Value = token.NewSecret(strings.Repeat("a", 1500)) // a JWT
	row := encode(t, e)
	size := len(row.Document) + len(row.Sealed)
	t.Logf("a full row: document %d bytes, sealed %d bytes, together %d", len(row.Document), len(row.Sealed), size)
	if size > 6*1024 {
		t.Errorf("a full row has %d bytes, want at most 6 KB: a write costs by the kilobyte", size)
	}
}

func BenchmarkCodec(b *testing.B) {
	codec := newCodec(b)
	e := journaltest.Full(dk)
	for n := range 64 {
		e.Memory = e.Memory.With(token.NewSecret(strings.Repeat("r", n+1)), int64(n))
	}
	for b.Loop() {
		w, err := codec.Encode(b.Context(), token.Entry{}, e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := codec.Decode(b.Context(), w.Row); err != nil {
			b.Fatal(err)
		}
	}
}
