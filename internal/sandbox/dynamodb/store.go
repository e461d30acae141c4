package dynamodb

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

// Names of the file's buckets: tables by name as JSON; a bucket of items for
// each table and one of entries for each index, by sortable keys as JSON; and
// the changes of indexes that do not show yet, in the order of their time.
const (
	tablesBucket  = "tables"
	itemsBucket   = "items"
	indexesBucket = "indexes"
	laggingBucket = "lagging"
)

// openFile opens the state, and lets every change show that an earlier process
// held back.
func openFile(path string) (*bbolt.DB, error) {
	open := func() (*bbolt.DB, error) { return openAt(path) }
	if path == "" {
		open = openNameless
	}
	db, err := open()
	if err != nil {
		return nil, fmt.Errorf("opening the state file: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{tablesBucket, itemsBucket, indexesBucket, laggingBucket} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return settle(tx, nil)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading the state file: %w", err), db.Close())
	}
	return db, nil
}

func openAt(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("another process has %s open", path)
	}
	return db, err
}

// openNameless opens a file that has no name any more, and so goes with the
// process. Nothing of it needs to reach a disk.
func openNameless() (*bbolt.DB, error) {
	file, err := os.CreateTemp("", "dynamodb-*.db")
	if err != nil {
		return nil, err
	}
	path := file.Name()
	if err := file.Close(); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, Timeout: lockTimeout})
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	if err := os.Remove(path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func tables(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(tablesBucket)) }

func lagging(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(laggingBucket)) }

func items(tx *bbolt.Tx, table string) *bbolt.Bucket {
	return tx.Bucket([]byte(itemsBucket)).Bucket([]byte(table))
}

func entries(tx *bbolt.Tx, table, index string) *bbolt.Bucket {
	return tx.Bucket([]byte(indexesBucket)).Bucket(indexPath(table, index))
}

// indexPath is unambiguous: names hold no zero byte.
func indexPath(table, index string) []byte { return []byte(table + "\x00" + index) }
