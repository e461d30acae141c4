package journaltest_test

import (
	"testing"

	"token-refresher/internal/journal"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/token"
)

func openMemory(t *testing.T, o journaltest.Options) journaltest.Backend {
	t.Helper()
	m := journaltest.NewMemory(t, o)
	return journaltest.Backend{
		Journal:   m,
		Rows:      func(*testing.T) []journal.Row { return m.Rows() },
		SetRow:    func(_ *testing.T, row journal.Row) { m.SetRow(row) },
		RemoveRow: func(_ *testing.T, id token.ID) { m.RemoveRow(journal.Key(id)) },
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, openMemory)
}

func TestMemoryInBubble(t *testing.T) {
	t.Parallel()
	journaltest.RunInBubble(t, openMemory)
}
