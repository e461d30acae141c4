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
