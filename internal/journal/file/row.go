package file

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"token-refresher/internal/journal"
	"token-refresher/internal/token"
)

// readRow returns the row under a key, or nil. What it returns outlives the
// transaction.
func readRow(tx *bbolt.Tx, key string) (*journal.Row, error) {
	value := tx.Bucket([]byte(bucketRows)).Get([]byte(key))
	if value == nil {
		return nil, nil //nolint:nilnil // no row is an answer, not a failure
	}
	row := new(journal.Row)
	if err := json.Unmarshal(value, row); err != nil {
		return nil, fmt.Errorf("row %s: %w", key, err)
	}
	return row, nil
}

// writeRow stores a row in place of the current one and moves it in the indexes.
func writeRow(tx *bbolt.Tx, current *journal.Row, row journal.Row) error {
	value, err := json.Marshal(row)
	if err != nil {
		return err
	}
	if current == nil {
		current = new(journal.Row)
	}
	return errors.Join(
		tx.Bucket([]byte(bucketRows)).Put([]byte(row.Key), value),
		move(tx.Bucket([]byte(bucketDue)), row.Key, current.DueAt, row.DueAt),
		move(tx.Bucket([]byte(bucketPublish)), row.Key, current.PublishAt, row.PublishAt),
	)
}

// move takes a row from one time of an index to another; 0 is in none.
func move(index *bbolt.Bucket, key string, from, to int64) error {
	if from == to {
		return nil
	}
	var errs []error
	if from != 0 {
		errs = append(errs, index.Delete(indexKey(from, key)))
	}
	if to != 0 {
		errs = append(errs, index.Put(indexKey(to, key), nil))
	}
	return errors.Join(errs...)
}

// indexKey sorts by time: journal.Row has no time before 1970.
func indexKey(at int64, key string) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(at)), key...) //nolint:gosec // never negative
}

// Due returns the ids of at most limit entries whose DueAt is not after now, the
// longest due first.
func (j *Journal) Due(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return j.indexed(ctx, bucketDue, now, limit)
}

// Unpublished is Due by PublishAt.
func (j *Journal) Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return j.indexed(ctx, bucketPublish, now, limit)
}

func (j *Journal) indexed(ctx context.Context, index string, now time.Time, limit int) (ids []token.ID, err error) {
	if limit < 1 {
		return nil, fmt.Errorf("index %s: a limit of %d", index, limit)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("index %s: %w", index, err)
	}
	err = j.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket([]byte(index)).Cursor()
		for key, _ := cursor.First(); key != nil && len(ids) < limit; key, _ = cursor.Next() {
			if at := int64(binary.BigEndian.Uint64(key)); at > now.UnixNano() { //nolint:gosec // as it was written
				break
			}
			if id, err := journal.ParseKey(string(key[8:])); err == nil { // Entries reports the others
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", index, err)
	}
	return ids, nil
}
