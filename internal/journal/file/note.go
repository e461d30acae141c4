package file

import (
	"context"
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"

	"token-refresher/internal/token"
)

// note is a note as it is stored.
type note struct {
	Version string `json:"version"`
	Value   []byte `json:"value"`
}

// Note reads a note and its version. Errors: token.ErrNotFound.
func (j *Journal) Note(ctx context.Context, key string) (value []byte, version string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", fmt.Errorf("read note %s: %w", key, err)
	}
	var n *note
	err = j.db.View(func(tx *bbolt.Tx) error {
		n, err = readNote(tx, key)
		return err
	})
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("read note %s: %w", key, err)
	case n == nil:
		return nil, "", fmt.Errorf("note %s: %w", key, token.ErrNotFound)
	}
	return n.Value, n.Version, nil
}

// SwapNote stores a note in place of the version that was read, "" for none, and
// returns the new version. Errors: token.ErrConflict, token.ErrNotFound if it is
// gone.
func (j *Journal) SwapNote(ctx context.Context, key string, value []byte, version string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("store note %s: %w", key, err)
	}
	next := note{Version: j.codec.NewID(), Value: value}
	err := j.db.Update(func(tx *bbolt.Tx) error {
		current, err := readNote(tx, key)
		switch {
		case err != nil:
			return err
		case current == nil && version != "":
			return token.ErrNotFound
		case current != nil && current.Version != version:
			return token.ErrConflict
		}
		text, err := json.Marshal(next)
		if err != nil {
			return err
		}
		return tx.Bucket([]byte(bucketNotes)).Put([]byte(key), text)
	})
	if err != nil {
		return "", fmt.Errorf("store note %s: %w", key, err)
	}
	return next.Version, nil
}

// readNote returns the note under a key, or nil.
func readNote(tx *bbolt.Tx, key string) (*note, error) {
	text := tx.Bucket([]byte(bucketNotes)).Get([]byte(key))
	if text == nil {
		return nil, nil //nolint:nilnil // no note is an answer, not a failure
	}
	n := new(note)
	if err := json.Unmarshal(text, n); err != nil {
		return nil, err
	}
	return n, nil
}
