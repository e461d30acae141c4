package journaltest

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/journal"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// Journal is all that a journal does.
type Journal interface {
	// Get reads an entry, strongly consistent.
	Get(ctx context.Context, id token.ID) (token.Entry, error)
	// Swap stores next in place of old.
	Swap(ctx context.Context, old, next token.Entry) (token.Entry, error)
	// Due nominates entries whose DueAt is not after now, the longest due first.
	Due(ctx context.Context, now time.Time, limit int) ([]token.ID, error)
	// Unpublished is Due by PublishAt.
	Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error)
	// Entries walks over all, without opening what is sealed.
	Entries(ctx context.Context) iter.Seq2[token.Entry, error]
	// Note reads a note and its version.
	Note(ctx context.Context, key string) (value []byte, version string, err error)
	// SwapNote stores a note in place of the version that was read.
	SwapNote(ctx context.Context, key string, value []byte, version string) (string, error)
}

// Options is what a journal under test is made with.
type Options struct {
	Seal  *seal.Sealer
	NewID func() string
}

// Backend is an empty journal, and ways to act behind its back. What there is no
// way for is nil, and the tests that need it are skipped.
type Backend struct {
	Journal Journal

	Rows       func(t *testing.T) []journal.Row    // all of them
	SetRow     func(t *testing.T, row journal.Row) // by its key
	RemoveRow  func(t *testing.T, id token.ID)     // as if it had never been
	LoseAnswer func()                              // carries out the next write, and loses its answer once
	AllBytes   func(t *testing.T) []byte           // all that is stored, as it is
}

// Run tests the journals that open makes, one for each part of the contract.
func Run(t *testing.T, open func(t *testing.T, o Options) Backend) {
	t.Helper()
	for _, p := range parts() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.test(t, open)
		})
	}
}

// RunInBubble is Run with every part in a bubble of testing/synctest.
func RunInBubble(t *testing.T, open func(t *testing.T, o Options) Backend) {
	t.Helper()
	for _, p := range parts() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { p.test(t, open) })
		})
	}
}
