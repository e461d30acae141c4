package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// ErrAnswerLost is what Swap refuses with when the entry to be stored holds a
// revision, but neither its answer nor the sealed form of it.
var ErrAnswerLost = errors.New("the newest answer would be lost")

// Write is one Swap on its way into a backend.
type Write struct {
	Row    Row         // to be stored
	Stored token.Entry // the entry as it will be read back
	// Unknown is what Swap returns with an error that leaves open whether the row
	// was stored: the entry as it was given, with its Attempt.
	Unknown token.Entry
}

// Encode makes the row that stores next in place of old. The sealed answer is
// carried over if it is the same one. It fails if there is no key to seal with,
// even if nothing is to be sealed: a write that works says that the next answer
// can be stored as well. With an error, Unknown is next as it was given.
func (c *Codec) Encode(ctx context.Context, old, next token.Entry) (Write, error) {
	w, err := c.encode(ctx, old, next)
	if err != nil {
		return Write{Unknown: next}, fmt.Errorf("entry %s: not stored: %w", next.ID, err)
	}
	w.Unknown = next
	w.Unknown.Attempt = token.Attempt{WriteID: w.Row.WriteID, Over: old.WriteID}
	return w, nil
}

func (c *Codec) encode(ctx context.Context, old, next token.Entry) (w Write, err error) {
	if err := checkSwap(old, next); err != nil {
		return Write{}, err
	}
	if err := c.seal.Ready(ctx); err != nil {
		return Write{}, err
	}
	d, extra := documentOf(next), c.unknown(next.Extra)
	if w.Row, err = c.row(ctx, old, next, d, extra); err != nil {
		return Write{}, err
	}
	if w.Stored, err = d.entry(); err != nil {
		return Write{}, err
	}
	w.Stored.Extra = extra
	w.Stored.ID, w.Stored.WriteID, w.Stored.Schema, w.Stored.Blob = next.ID, w.Row.WriteID, w.Row.Schema, w.Row.Sealed
	if hasAnswer(next) {
		answerOf(next).into(&w.Stored)
		return w, nil
	}
	return w, c.openAnswer(ctx, &w.Stored) // it may come from a list
}

func (c *Codec) row(ctx context.Context, old, next token.Entry, d document, extra map[string]json.RawMessage) (Row, error) {
	row := Row{Key: Key(next.ID), WriteID: c.writeID(old, next), Schema: max(Schema, next.Schema)}
	var dueErr, publishErr, documentErr, sealErr error
	row.DueAt, dueErr = indexTime(next.DueAt)
	row.PublishAt, publishErr = indexTime(next.PublishAt)
	row.Document, documentErr = d.withExtra(extra)
	row.Sealed, sealErr = c.sealAnswer(ctx, old, next)
	if err := errors.Join(dueErr, publishErr, documentErr, sealErr); err != nil {
		return Row{}, err
	}
	if n := len(row.Document) + len(row.Sealed); n > maxRowLen {
		return Row{}, fmt.Errorf("a row of %d bytes: at most %d fit", n, maxRowLen)
	}
	return row, nil
}

// Refused says what it means that a row was not stored because its condition
// failed: current is what stands there, or nil. A row with our own write id was
// stored by a call whose answer was lost: that is success. Errors:
// token.ErrConflict with the current entry; token.ErrNotFound and those of
// Decode with Unknown.
func (c *Codec) Refused(ctx context.Context, w Write, current *Row) (token.Entry, error) {
	if current == nil {
		return w.Unknown, fmt.Errorf("entry %s: %w", w.Stored.ID, token.ErrNotFound)
	}
	if current.WriteID == w.Row.WriteID && bytes.Equal(current.Document, w.Row.Document) {
		stored := w.Stored
		stored.Blob = current.Sealed
		return stored, nil
	}
	e, err := c.Decode(ctx, *current)
	if err != nil {
		return w.Unknown, err
	}
	return e, fmt.Errorf("entry %s: %w", w.Stored.ID, token.ErrConflict)
}

func checkSwap(old, next token.Entry) error {
	switch {
	case old.WriteID != "" && old.ID != next.ID:
		return fmt.Errorf("it replaces another entry, %s", old.ID)
	case next.Revision < old.Revision:
		return errors.New("the revision goes back")
	}
	return checkID(next.ID)
}

// writeID is a new one, but for a write that is made again.
func (c *Codec) writeID(old, next token.Entry) string {
	if again := next.Attempt; again.WriteID != "" && again.Over == old.WriteID {
		return again.WriteID
	}
	return c.newID()
}

// sealAnswer returns the sealed answer of next: the one it carries if that is
// of the same answer, a new one otherwise.
func (c *Codec) sealAnswer(ctx context.Context, old, next token.Entry) ([]byte, error) {
	switch {
	case carried(old, next):
		return next.Blob, nil
	case hasAnswer(next):
		return c.sealNew(ctx, next)
	case loses(old, next):
		return nil, ErrAnswerLost
	default:
		return nil, nil
	}
}

// carried reports whether next comes with the sealed form of its answer.
func carried(old, next token.Entry) bool {
	return len(next.Blob) > 0 && next.Revision == old.Revision && answerOf(next) == answerOf(old)
}

// loses reports whether an entry without an answer should have one: it has a
// revision, is no tombstone that let go of its answer, and there was one.
func loses(old, next token.Entry) bool {
	never := old.WriteID != "" && len(old.Blob) == 0 && next.Revision == old.Revision
	return len(next.Blob) > 0 || next.Revision > 0 && !next.Removed && !never
}

func (c *Codec) sealNew(ctx context.Context, e token.Entry) ([]byte, error) {
	w := answerOf(e)
	if err := w.check(e); err != nil {
		return nil, err
	}
	plaintext, err := w.marshal()
	if err != nil {
		return nil, err
	}
	return c.seal.Seal(ctx, label(e), plaintext)
}

func hasAnswer(e token.Entry) bool { return answerOf(e) != answer{} }

func label(e token.Entry) seal.Label {
	return seal.Label{Purpose: purpose, ID: e.ID.String(), Revision: e.Revision}
}
