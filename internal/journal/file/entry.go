package file

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"token-refresher/internal/journal"
	"token-refresher/internal/token"
)

// pageLen is how many rows Entries reads in one transaction.
const pageLen = 100

// Get reads an entry. Errors: token.ErrNotFound, token.ErrUnreadable,
// seal.ErrKeyUnavailable.
func (j *Journal) Get(ctx context.Context, id token.ID) (token.Entry, error) {
	row, err := j.row(ctx, id)
	switch {
	case err != nil:
		return token.Entry{}, fmt.Errorf("read entry %s: %w", id, err)
	case row == nil:
		return token.Entry{}, fmt.Errorf("entry %s: %w", id, token.ErrNotFound)
	}
	return j.codec.Decode(ctx, *row)
}

func (j *Journal) row(ctx context.Context, id token.ID) (row *journal.Row, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = j.db.View(func(tx *bbolt.Tx) error {
		row, err = readRow(tx, journal.Key(id))
		return err
	})
	return row, err
}

// Swap stores next in place of old, which is an entry as it was read, or the
// zero entry if there must be none. It returns next as stored. If another write
// was first, the error is token.ErrConflict and the entry the current one; if
// the row is gone, token.ErrNotFound. With any other error it is unknown whether
// next was stored: see journal.Journal.Swap.
func (j *Journal) Swap(ctx context.Context, old, next token.Entry) (token.Entry, error) {
	w, err := j.codec.Encode(ctx, old, next)
	if err != nil {
		return w.Unknown, err
	}
	if err := ctx.Err(); err != nil {
		return w.Unknown, err
	}
	var current *journal.Row
	swapped := false
	err = j.db.Update(func(tx *bbolt.Tx) error {
		if current, err = readRow(tx, w.Row.Key); err != nil {
			return err
		}
		if swapped = matches(current, old.WriteID); !swapped {
			return nil
		}
		return writeRow(tx, current, w.Row)
	})
	switch {
	case err != nil:
		return w.Unknown, fmt.Errorf("store entry %s: %w", next.ID, err)
	case !swapped:
		return j.codec.Refused(ctx, w, current)
	}
	return w.Stored, nil
}

// matches reports whether the row is the one that was read; "" stands for none.
func matches(current *journal.Row, writeID string) bool {
	if current == nil {
		return writeID == ""
	}
	return current.WriteID == writeID
}

// Entries walks over all entries in the order of their keys, without opening
// what is sealed. An entry that cannot be read comes with token.ErrUnreadable and,
// if that much is readable, its id, and the walk goes on; any other error ends it.
func (j *Journal) Entries(ctx context.Context) iter.Seq2[token.Entry, error] {
	return func(yield func(token.Entry, error) bool) {
		for after := ""; ; {
			rows, err := j.page(ctx, after)
			if err != nil {
				yield(token.Entry{}, fmt.Errorf("list the journal: %w", err))
				return
			}
			for _, row := range rows {
				if !yield(j.codec.List(row)) {
					return
				}
			}
			if len(rows) < pageLen {
				return
			}
			after = rows[len(rows)-1].Key
		}
	}
}

// page reads rows behind a key.
func (j *Journal) page(ctx context.Context, after string) (rows []journal.Row, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = j.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket([]byte(bucketRows)).Cursor()
		key, value := cursor.Seek([]byte(after))
		if string(key) == after {
			key, value = cursor.Next()
		}
		for ; key != nil && len(rows) < pageLen; key, value = cursor.Next() {
			var row journal.Row
			if err := json.Unmarshal(value, &row); err != nil {
				return fmt.Errorf("row %s: %w", key, err)
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}
