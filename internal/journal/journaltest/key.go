package journaltest

import (
	"context"
	"errors"
	"testing"

	"token-refresher/internal/journal"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// laterKeys have a current key that the journal under test has not met.
type laterKeys struct {
	keys
	version string
}

func (k laterKeys) Current(context.Context) (string, []byte, error) {
	return k.version, []byte(keyText), nil
}

// partlyBroken keys have a current one, and no answer about any other.
type partlyBroken struct{ keys }

func (partlyBroken) Version(context.Context, string) ([]byte, error) { return nil, errNoKeys }

// sealedElsewhere is an entry's row as another instance stored it, whose key is
// of a version that this one has not met.
func sealedElsewhere(t *testing.T, e token.Entry) journal.Row {
	t.Helper()
	codec, err := journal.NewCodec(sealerOf(t, laterKeys{version: "later-key"}), nil)
	if err != nil {
		t.Fatalf("NewCodec: %v", err)
	}
	w, err := codec.Encode(t.Context(), token.Entry{}, e)
	if err != nil {
		t.Fatalf("Encode error = %v, want nil", err)
	}
	return w.Row
}

func testKeyUnavailable(t *testing.T, open opener) {
	tests := []struct {
		name   string
		keys   seal.Keys
		get    error // of Get
		sealed error // of the entry
		swap   error // of Swap over it
	}{
		{"its key cannot be read just now", partlyBroken{}, seal.ErrKeyUnavailable, nil, seal.ErrKeyUnavailable},
		{"its key does not exist", keys{}, nil, seal.ErrUnknownKey, token.ErrConflict},
	}
	for _, tt := range tests {
		b := open(t, Options{Seal: sealerOf(t, tt.keys)})
		b.rows(t)
		b.SetRow(t, sealedElsewhere(t, Answered(dk, 1)))
		e, err := b.Journal.Get(t.Context(), dk)
		if !errors.Is(err, tt.get) || !errors.Is(e.Sealed, tt.sealed) {
			t.Errorf("%s: Get = Sealed %v, error %v, want %v and %v", tt.name, e.Sealed, err, tt.sealed, tt.get)
		}
		tried, err := b.Journal.Swap(t.Context(), token.Entry{}, Answered(dk, 1))
		if !errors.Is(err, tt.swap) {
			t.Errorf("%s: Swap error = %v, want %v", tt.name, err, tt.swap)
		}
		if tt.get != nil { // what could not be stored is not lost
			differ(t, tt.name, tried, Answered(dk, 1))
		}
	}
}

func testNotReady(t *testing.T, open opener) {
	b := open(t, Options{Seal: sealerOf(t, keys{broken: true})})
	b.rows(t)
	b.SetRow(t, sealedElsewhere(t, token.Entry{ID: dk}))
	e := mustGet(t, b.Journal, dk) // without an answer there is nothing to open
	next := e
	next.Lease = token.Lease{Holder: "one", Until: at(60)}
	if _, err := b.Journal.Swap(t.Context(), e, next); !errors.Is(err, seal.ErrKeyUnavailable) {
		t.Errorf("a claim that could not be followed by a commit: error = %v, want %v", err, seal.ErrKeyUnavailable)
	}
	differ(t, "after it", mustGet(t, b.Journal, dk), e)
}

func testAnswerLost(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	j := b.Journal
	pending := mustSwap(t, j, token.Entry{}, token.Entry{ID: dk, Lease: token.Lease{Holder: "consent", Until: at(60)}})
	differ(t, "an entry that waits for its first answer", mustGet(t, j, dk), pending)
	stored := mustSwap(t, j, pending, Answered(dk, 1))
	if len(stored.Blob) == 0 {
		t.Skip("SKIPPED: nothing is sealed")
	}
	unopened := stored
	unopened.Grant, unopened.Access = token.Grant{}, token.AccessToken{}
	tests := []struct {
		name string
		old  token.Entry
		next func(e token.Entry) token.Entry
		want error
	}{
		{"the answer is left out", stored, func(token.Entry) token.Entry { return unopened }, journal.ErrAnswerLost},
		{"the revision moves without it", unopened, func(e token.Entry) token.Entry { e.Revision++; return e }, journal.ErrAnswerLost},
		{"the sealed form is left out", unopened, func(e token.Entry) token.Entry { e.Blob = nil; return e }, journal.ErrAnswerLost},
		{"a revision out of nothing", token.Entry{}, func(token.Entry) token.Entry { return token.Entry{ID: fi, Revision: 1} }, journal.ErrAnswerLost},
		{"a tombstone that moves without opening it", unopened, func(e token.Entry) token.Entry {
			e.Removed, e.Revision = true, 2
			return e
		}, journal.ErrAnswerLost},
		{"a tombstone that lets go of it", stored, func(e token.Entry) token.Entry {
			e.Removed, e.Revision, e.Grant, e.Access, e.Blob = true, 2, token.Grant{}, token.AccessToken{}, nil
			return e
		}, nil},
	}
	for _, tt := range tests {
		if _, err := j.Swap(t.Context(), tt.old, tt.next(tt.old)); !errors.Is(err, tt.want) {
			t.Errorf("%s: Swap error = %v, want %v", tt.name, err, tt.want)
		}
	}
	if e := mustGet(t, j, dk); !e.Removed || e.Sealed != nil || len(e.Blob) != 0 {
		t.Errorf("a tombstone without an answer: removed %t, Sealed %v, %v", e.Removed, e.Sealed, e.Blob)
	}
}
