package authserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long New waits for another process to let go of the file.
const lockTimeout = time.Second

// Names of the file's buckets; their keys are numbers in hex, their values JSON.
const (
	recordsBucket = "consents"
	ticketsBucket = "refresh_tokens"
)

// disk is the file that consents outlive the process in, SIGKILL included: a
// change is on disk when save returns. A nil disk keeps nothing.
type disk struct{ db *bbolt.DB }

func openDisk(path string) (*disk, error) {
	if path == "" {
		return nil, nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("another process has %s open", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the state file: %w", err)
	}
	return &disk{db}, nil
}

func (d *disk) close() error {
	if d == nil {
		return nil
	}
	return d.db.Close()
}

// load returns everything that was saved, in the order of the numbers.
func (d *disk) load() (change, error) {
	var kept change
	if d == nil {
		return kept, nil
	}
	err := d.db.Update(func(tx *bbolt.Tx) error {
		return errors.Join(read(tx, recordsBucket, &kept.records), read(tx, ticketsBucket, &kept.tickets))
	})
	if err != nil {
		return change{}, errors.Join(fmt.Errorf("read the state file: %w", err), d.close())
	}
	return kept, nil
}

func read[T any](tx *bbolt.Tx, name string, into *[]T) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte(name))
	if err != nil {
		return err
	}
	return bucket.ForEach(func(_, value []byte) error {
		var kept T
		if err := json.Unmarshal(value, &kept); err != nil {
			return err
		}
		*into = append(*into, kept)
		return nil
	})
}

// save stores the change as one.
func (d *disk) save(c change) error {
	if d == nil {
		return nil
	}
	err := d.db.Update(func(tx *bbolt.Tx) error {
		for _, r := range c.records {
			if err := write(tx, recordsBucket, r.Number, r); err != nil {
				return err
			}
		}
		for _, t := range c.tickets {
			if err := write(tx, ticketsBucket, t.Number, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	return nil
}

func write(tx *bbolt.Tx, bucket string, number int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(bucket)).Put(fmt.Appendf(nil, "%016x", number), text)
}
