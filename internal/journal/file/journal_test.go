package file_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"token-refresher/internal/journal"
	"token-refresher/internal/journal/file"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/token"
)

func TestContract(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, open)
}

func TestContractInBubble(t *testing.T) {
	t.Parallel()
	journaltest.RunInBubble(t, open)
}

// stored is a journal's file, and what acts on it behind the journal's back.
type stored struct {
	*file.Journal
	path string
}

func open(t *testing.T, o journaltest.Options) journaltest.Backend {
	t.Helper()
	s := openFile(t, filepath.Join(t.TempDir(), "journal.db"), o)
	return journaltest.Backend{
		Journal:   s,
		Rows:      s.rows,
		SetRow:    s.setRow,
		RemoveRow: s.removeRow,
		AllBytes:  s.bytes,
	}
}

func openFile(t *testing.T, path string, o journaltest.Options) *stored {
	t.Helper()
	j, err := file.Open(file.Config{Path: path, Seal: o.Seal, NewID: o.NewID})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &stored{Journal: j, path: path}
}

func (s *stored) rows(t *testing.T) (rows []journal.Row) {
	t.Helper()
	s.edit(t, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("rows")).ForEach(func(_, value []byte) error {
			var row journal.Row
			defer func() { rows = append(rows, row) }()
			return json.Unmarshal(value, &row)
		})
	})
	return rows
}

func (s *stored) setRow(t *testing.T, row journal.Row) {
	t.Helper()
	s.edit(t, func(tx *bbolt.Tx) error { return file.WriteRow(tx, row) })
}

func (s *stored) removeRow(t *testing.T, id token.ID) {
	t.Helper()
	s.edit(t, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("rows")).Delete([]byte(journal.Key(id))) })
}

func (s *stored) edit(t *testing.T, change func(*bbolt.Tx) error) {
	t.Helper()
	if err := s.DB().Update(change); err != nil {
		t.Fatalf("behind the journal's back: %v", err)
	}
}

// bytes is the file as it is, with what was replaced in it.
func (s *stored) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatalf("read the file: %v", err)
	}
	return b
}
