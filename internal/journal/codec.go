package journal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// purpose is the label's of every sealed answer.
const purpose = "journal"

// ErrAnswerLost is what Swap refuses with when the entry to be stored holds a
// revision, but neither its answer nor the sealed form of it.
var ErrAnswerLost = errors.New("the newest answer would be lost")

// Codec turns entries into rows and back. Both backends use it; nobody else
// needs to.
type Codec struct {
	seal  *seal.Sealer
	newID func() string
	known map[string]bool // fields of a document
}

// NewCodec makes a Codec. newID makes write ids, each of them only once: random
// ones if it is nil.
func NewCodec(sealer *seal.Sealer, newID func() string) (*Codec, error) {
	if sealer == nil {
		return nil, errors.New("no sealer")
	}
	if newID == nil {
		newID = rand.Text
	}
	return &Codec{seal: sealer, newID: newID, known: fieldNames()}, nil
}

// NewID makes a write id.
func (c *Codec) NewID() string { return c.newID() }

// Encode makes the row that stores next in place of old, and next as it will be
// read back. The sealed answer is carried over if it is the same one. It fails
// if there is no key to seal with, even if nothing is to be sealed: a write that
// works says that the next answer can be stored as well.
func (c *Codec) Encode(ctx context.Context, old, next token.Entry) (Row, token.Entry, error) {
	row, stored, err := c.encode(ctx, old, next)
	if err != nil {
		return Row{}, token.Entry{}, fmt.Errorf("entry %s: not stored: %w", next.ID, err)
	}
	return row, stored, nil
}

func (c *Codec) encode(ctx context.Context, old, next token.Entry) (Row, token.Entry, error) {
	if err := checkSwap(old, next); err != nil {
		return Row{}, token.Entry{}, err
	}
	if err := c.seal.Ready(ctx); err != nil {
		return Row{}, token.Entry{}, err
	}
	row := Row{Key: Key(next.ID), WriteID: c.writeID(old, next), Schema: max(Schema, next.Schema)}
	d, extra := documentOf(next), c.unknown(next.Extra)
	var dueErr, publishErr, documentErr, sealErr error
	row.DueAt, dueErr = indexTime(next.DueAt)
	row.PublishAt, publishErr = indexTime(next.PublishAt)
	row.Document, documentErr = d.withExtra(extra)
	row.Sealed, sealErr = c.sealAnswer(ctx, old, next)
	if err := errors.Join(dueErr, publishErr, documentErr, sealErr); err != nil {
		return Row{}, token.Entry{}, err
	}
	if n := len(row.Document) + len(row.Sealed); n > maxRowLen {
		return Row{}, token.Entry{}, fmt.Errorf("a row of %d bytes: at most %d fit", n, maxRowLen)
	}
	stored, err := d.entry()
	if err != nil {
		return Row{}, token.Entry{}, err
	}
	stored.Extra = extra
	stored.ID, stored.WriteID, stored.Schema, stored.Blob = next.ID, row.WriteID, row.Schema, row.Sealed
	if hasAnswer(next) {
		answerOf(next).into(&stored)
		return row, stored, nil
	}
	return row, stored, c.openAnswer(ctx, &stored) // it may come from a list
}

// unknown are the fields that this schema does not know.
func (c *Codec) unknown(fields map[string]json.RawMessage) map[string]json.RawMessage {
	var unknown map[string]json.RawMessage
	for name, value := range fields {
		if c.known[name] {
			continue
		}
		if unknown == nil {
			unknown = map[string]json.RawMessage{}
		}
		unknown[name] = value
	}
	return unknown
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

// Decode reads an entry. If its answer cannot be opened, the entry says so in
// Sealed; if a key to open it could not be read just now, Decode fails, for then
// nothing is known. Errors: token.ErrUnreadable, seal.ErrKeyUnavailable.
func (c *Codec) Decode(ctx context.Context, row Row) (token.Entry, error) {
	e, err := c.List(row)
	if err != nil {
		return e, err
	}
	if err := c.openAnswer(ctx, &e); err != nil {
		return token.Entry{ID: e.ID}, fmt.Errorf("entry %s: %w", e.ID, err)
	}
	return e, nil
}

// openAnswer fills in grant and access token, or Sealed. Errors:
// seal.ErrKeyUnavailable.
func (c *Codec) openAnswer(ctx context.Context, e *token.Entry) error {
	w, err := c.open(ctx, *e)
	switch {
	case errors.Is(err, seal.ErrKeyUnavailable):
		return err
	case err != nil:
		e.Sealed = fmt.Errorf("entry %s: %w: %w", e.ID, token.ErrSealed, err)
	default:
		w.into(e)
	}
	return nil
}

func (c *Codec) open(ctx context.Context, e token.Entry) (answer, error) {
	if len(e.Blob) == 0 {
		if e.Revision > 0 && !e.Removed {
			return answer{}, errors.New("there is none")
		}
		return answer{}, nil
	}
	plaintext, err := c.seal.Open(ctx, label(e), e.Blob)
	if err != nil {
		return answer{}, err
	}
	return unmarshalAnswer(plaintext)
}

// List reads an entry and leaves its answer sealed. With an error, the entry
// has its id, if that could be read. Errors: token.ErrUnreadable.
func (c *Codec) List(row Row) (token.Entry, error) {
	id, err := ParseKey(row.Key)
	if err != nil {
		return token.Entry{}, err
	}
	e, err := c.parseDocument(row.Document)
	if err != nil {
		return token.Entry{ID: id}, fmt.Errorf("entry %s of schema %d: %w: %w", id, row.Schema, token.ErrUnreadable, err)
	}
	e.ID, e.WriteID, e.Schema, e.Blob = id, row.WriteID, row.Schema, row.Sealed
	return e, nil
}

// parseDocument keeps what it does not know, and encoding/json's errors back.
func (c *Codec) parseDocument(text []byte) (token.Entry, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return token.Entry{}, errors.New("its document is no JSON object")
	}
	if reader, ok := fields["reader"]; ok {
		var least int
		if err := json.Unmarshal(reader, &least); err != nil || least > Schema {
			return token.Entry{}, fmt.Errorf("it is for readers of schema %.10s and later, this is %d", reader, Schema)
		}
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return token.Entry{}, errors.New("its document has a field of another type")
	}
	e, err := d.entry()
	if err != nil {
		return token.Entry{}, err
	}
	e.Extra = c.unknown(fields)
	return e, nil
}
