package secretsmanager

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

// Names of the file's buckets: records by name as JSON, values by name and
// version id as one byte of kind and the bytes.
const (
	recordsBucket = "records"
	valuesBucket  = "values"
)

// A store keeps values on disk only, and records on disk and in memory: the file
// is ours alone, so memory is never behind it. Records are swapped after the
// commit, and readers never wait for a disk.
type store struct {
	db  *bbolt.DB
	lag time.Duration // after which a change shows in lists

	mu      sync.RWMutex
	entries map[string]*entry
}

// A change is what one transaction does to one secret.
type change struct {
	record *record
	fresh  bool     // what an earlier secret of that name left goes first
	id     string   // the version that value belongs to
	value  *value   // nil: no new value
	drop   []string // versions whose values go
}

// openStore loads all records. A lag of lists ends with a restart: everything is
// listed as it is.
func openStore(path string, lag time.Duration, now time.Time) (*store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening the state file %s: another process has it open", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the state file: %w", err)
	}
	st := &store{db: db, lag: lag, entries: make(map[string]*entry)}
	if err := db.Update(func(tx *bbolt.Tx) error { return st.load(tx, now) }); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the state file %s: %w", path, err), db.Close())
	}
	return st, nil
}

// load reads every record, and clears away those whose window has ended.
func (st *store) load(tx *bbolt.Tx, now time.Time) error {
	for _, name := range []string{recordsBucket, valuesBucket} {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	var ended []string
	err := records(tx).ForEach(func(name, data []byte) error {
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("record of %s: %w", name, err)
		}
		if r.gone(now) {
			ended = append(ended, r.Name)
			return nil
		}
		st.entries[r.Name] = &entry{current: &r, views: []view{{record: &r}}}
		return nil
	})
	for _, name := range ended {
		err = errors.Join(err, erase(tx, name))
	}
	return err
}

// get returns the record of that name, or nil. It may be past its window.
func (st *store) get(name string) *record {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if e, ok := st.entries[name]; ok {
		return e.current
	}
	return nil
}

// save commits changes in one transaction, then shows them to readers.
func (st *store) save(now time.Time, changes ...change) error {
	err := st.db.Update(func(tx *bbolt.Tx) error {
		for _, c := range changes {
			if err := c.write(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the state file: %w", err)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, c := range changes {
		st.show(c.record.Name, c.record, now)
	}
	return nil
}

// remove erases a secret at once.
func (st *store) remove(name string, now time.Time) error {
	if err := st.db.Update(func(tx *bbolt.Tx) error { return erase(tx, name) }); err != nil {
		return fmt.Errorf("writing the state file: %w", err)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.show(name, nil, now)
	return nil
}

// value reads one version's value.
func (st *store) value(name, id string) (*value, error) {
	var v *value
	err := st.db.View(func(tx *bbolt.Tx) error {
		v = decodeValue(values(tx).Get(valueKey(name, id)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the state file: %w", err)
	}
	return v, nil
}

func (c change) write(tx *bbolt.Tx) error {
	if c.fresh {
		if err := erase(tx, c.record.Name); err != nil {
			return err
		}
	}
	for _, id := range c.drop {
		if err := values(tx).Delete(valueKey(c.record.Name, id)); err != nil {
			return err
		}
	}
	if c.value != nil {
		if err := values(tx).Put(valueKey(c.record.Name, c.id), c.value.encode()); err != nil {
			return err
		}
	}
	data, err := json.Marshal(c.record)
	if err != nil {
		return err
	}
	return records(tx).Put([]byte(c.record.Name), data)
}

// erase removes a secret and its values, if there are any.
func erase(tx *bbolt.Tx, name string) error {
	prefix := valueKey(name, "")
	cursor := values(tx).Cursor()
	for key, _ := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, _ = cursor.Seek(prefix) {
		if err := cursor.Delete(); err != nil {
			return err
		}
	}
	return records(tx).Delete([]byte(name))
}

func records(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(recordsBucket)) }

func values(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(valuesBucket)) }

// valueKey is unambiguous: names hold no zero byte.
func valueKey(name, id string) []byte { return []byte(name + "\x00" + id) }
