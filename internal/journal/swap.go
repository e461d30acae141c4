package journal

import (
	"bytes"
	"context"
	"fmt"

	"token-refresher/internal/token"
)

// Refused says what it means that a row was not stored because its condition
// failed: stored is the entry that it was made of, current what stands instead,
// or nil. A row that carries our own write id was stored by a call whose answer
// was lost: that is success. Errors: token.ErrConflict with the current entry,
// token.ErrNotFound, and those of Decode.
func (c *Codec) Refused(ctx context.Context, tried Row, stored token.Entry, current *Row) (token.Entry, error) {
	if current == nil {
		return token.Entry{}, fmt.Errorf("entry %s: %w", stored.ID, token.ErrNotFound)
	}
	if current.WriteID == tried.WriteID && bytes.Equal(current.Document, tried.Document) {
		stored.Blob = current.Sealed
		return stored, nil
	}
	e, err := c.Decode(ctx, *current)
	if err != nil {
		return token.Entry{}, err
	}
	return e, fmt.Errorf("entry %s: %w", stored.ID, token.ErrConflict)
}

// Unknown is what Swap returns with an error that leaves open whether next was
// stored: the same entry, marked so that storing it again over the same old one
// is the same write.
func Unknown(old, next token.Entry, tried Row) token.Entry {
	next.Attempt = token.Attempt{WriteID: tried.WriteID, Over: old.WriteID}
	return next
}
