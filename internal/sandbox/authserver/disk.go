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
	codesBucket   = "codes"
	noncesBucket  = "nonces"
	keysBucket    = "id_token_keys"
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
		return errors.Join(
			read(tx, recordsBucket, &kept.records), read(tx, ticketsBucket, &kept.tickets),
			read(tx, codesBucket, &kept.codes), read(tx, noncesBucket, &kept.nonces), read(tx, keysBucket, &kept.keys))
	})
	if err != nil {
		return change{}, fmt.Errorf("read the state file: %w", err)
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
		return errors.Join(
			write(tx, recordsBucket, c.records, func(r record) int { return r.Number }),
			write(tx, ticketsBucket, c.tickets, func(t ticket) int { return t.Number }),
			write(tx, codesBucket, c.codes, func(c code) int { return c.Number }),
			write(tx, noncesBucket, c.nonces, func(n nonce) int { return n.Number }),
			write(tx, keysBucket, c.keys, func(k key) int { return k.Number }))
	})
	if err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	return nil
}

func write[T any](tx *bbolt.Tx, bucket string, values []T, number func(T) int) error {
	for _, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := tx.Bucket([]byte(bucket)).Put(fmt.Appendf(nil, "%016x", number(value)), text); err != nil {
			return err
		}
	}
	return nil
}
