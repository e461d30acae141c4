package journaltest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"

	"token-refresher/internal/journal"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

func testSealed(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	if b.AllBytes == nil {
		t.Skip("SKIPPED: what is stored cannot be looked at")
	}
	first := mustSwap(t, b.Journal, token.Entry{}, Full(dk))
	second := mustSwap(t, b.Journal, first, first.Adopt(8, Answered(dk, 8).Grant, at(0)))
	stored := b.AllBytes(t)
	if !bytes.Contains(stored, []byte(dk.String())) {
		t.Fatal("the id is not found in what is stored, so nothing can be said of the secrets")
	}
	for _, e := range []token.Entry{first, second} {
		for name, secret := range map[string]token.Secret{
			"refresh token": e.Grant.RefreshToken, "verifier": e.Grant.CodeVerifier, "access token": e.Access.Value,
		} {
			if secret.Empty() {
				continue
			}
			for _, form := range forms(secret.Reveal()) {
				if bytes.Contains(stored, []byte(form)) {
					t.Errorf("the %s of revision %d is stored in the clear", name, e.Revision)
				}
			}
		}
	}
}

// forms are those in which a secret could hide from a search: it is cut so that
// base64 reads the same wherever it starts.
func forms(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret))}
	for cut := range 3 {
		part := secret[cut:]
		all = append(all, base64.RawStdEncoding.EncodeToString([]byte(part[:len(part)/3*3])))
	}
	return all
}

func testCarried(t *testing.T, open opener) {
	j := open(t, Options{Seal: Sealer(t)}).Journal
	first := mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	if len(first.Blob) == 0 {
		t.Skip("SKIPPED: nothing is sealed")
	}
	leased, err := first.Claim(at(0), token.Lease{Holder: "one", Until: at(60)}, false)
	if err != nil {
		t.Fatalf("Claim error = %v, want nil", err)
	}
	second := mustSwap(t, j, first, leased)
	if !bytes.Equal(first.Blob, second.Blob) || !bytes.Equal(first.Blob, mustGet(t, j, dk).Blob) {
		t.Error("a claim sealed the answer anew")
	}
	other := second
	other.Access.Scope = "less"
	third := mustSwap(t, j, second, other)
	if bytes.Equal(second.Blob, third.Blob) {
		t.Error("another answer is sealed as the one before")
	}
	differ(t, "another answer of the same revision", mustGet(t, j, dk), other)
}

// rowOf returns the row of an entry.
func rowOf(t *testing.T, b Backend, id token.ID) journal.Row {
	t.Helper()
	for _, row := range b.Rows(t) {
		if row.Key == journal.Key(id) {
			return row
		}
	}
	t.Fatalf("there is no row of %s", id)
	return journal.Row{}
}

// rows skips the test if rows cannot be read and written behind the journal.
func (b Backend) rows(t *testing.T) {
	t.Helper()
	if b.Rows == nil || b.SetRow == nil {
		t.Skip("SKIPPED: rows cannot be changed")
	}
}

func testUnreadableAnswer(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	b.rows(t)
	j := b.Journal
	mustSwap(t, j, token.Entry{}, Answered(dk, 1))
	mustSwap(t, j, token.Entry{}, Answered(fi, 1))
	row := rowOf(t, b, dk)
	row.Sealed[len(row.Sealed)-1] ^= 1
	b.SetRow(t, row)

	broken := mustGet(t, j, dk)
	if !errors.Is(broken.Sealed, token.ErrSealed) || !errors.Is(broken.Sealed, seal.ErrTampered) {
		t.Fatalf("Sealed = %v, want %v and %v", broken.Sealed, token.ErrSealed, seal.ErrTampered)
	}
	if !broken.Grant.RefreshToken.Empty() || !broken.Access.Value.Empty() || broken.Revision != 1 {
		t.Errorf("an entry that cannot be opened has %v, %v and revision %d", broken.Grant, broken.Access, broken.Revision)
	}
	next := broken
	next.DueAt = at(900)
	swapped := mustSwap(t, j, broken, next)
	if !errors.Is(swapped.Sealed, token.ErrSealed) || !bytes.Equal(rowOf(t, b, dk).Sealed, row.Sealed) {
		t.Errorf("after a swap of its other part: Sealed = %v, want it and the sealed bytes unchanged", swapped.Sealed)
	}
	if _, err := j.Swap(t.Context(), token.Entry{}, Answered(dk, 9)); !errors.Is(err, token.ErrConflict) {
		t.Errorf("Swap over an entry that cannot be opened: error = %v, want %v", err, token.ErrConflict)
	}
	healed := mustSwap(t, j, swapped, Answered(dk, 2))
	if healed.Sealed != nil {
		t.Errorf("after a new answer: Sealed = %v, want nil", healed.Sealed)
	}
	differ(t, "a new answer", mustGet(t, j, dk), Answered(dk, 2))
	differ(t, "the entry beside it", mustGet(t, j, fi), Answered(fi, 1))
}

func testMislabelled(t *testing.T, open opener) {
	b := open(t, Options{Seal: Sealer(t)})
	b.rows(t)
	first := mustSwap(t, b.Journal, token.Entry{}, Answered(dk, 1))
	old := rowOf(t, b, dk)
	mustSwap(t, b.Journal, first, Answered(dk, 2))
	mustSwap(t, b.Journal, token.Entry{}, Answered(fi, 1))
	for _, id := range []token.ID{dk, fi} {
		row := rowOf(t, b, id)
		row.Sealed = old.Sealed
		b.SetRow(t, row)
		if e := mustGet(t, b.Journal, id); !errors.Is(e.Sealed, seal.ErrMislabelled) || !e.Grant.RefreshToken.Empty() {
			t.Errorf("%s of revision %d with another's answer: Sealed = %v, want %v", id, e.Revision, e.Sealed, seal.ErrMislabelled)
		}
	}
	row := rowOf(t, b, dk)
	row.Sealed = nil
	b.SetRow(t, row)
	if e := mustGet(t, b.Journal, dk); !errors.Is(e.Sealed, token.ErrSealed) {
		t.Errorf("without its answer: Sealed = %v, want %v", e.Sealed, token.ErrSealed)
	}
}
