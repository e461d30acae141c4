package dynamodb

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"time"

	"go.etcd.io/bbolt"
)

// An indexChange is what a write does to one index.
type indexChange struct {
	Table, Index string
	Drop         []byte // the key of an entry that goes, if any
	Add          []byte // the key of one that comes, if any,
	Entry        item   // and what it holds
}

// reindex brings the indexes of a table from an item to its successor, each of
// which may be nil.
func (s *Server) reindex(tx *bbolt.Tx, t table, old, next item) error {
	for _, x := range t.GlobalSecondaryIndexes {
		c := indexChange{Table: t.TableName, Index: x.IndexName, Drop: t.entryKey(x, old), Add: t.entryKey(x, next)}
		if bytes.Equal(c.Drop, c.Add) {
			continue
		}
		if c.Add != nil {
			c.Entry = next.only(t.keyNames(x)...)
		}
		if err := s.change(tx, c); err != nil {
			return err
		}
	}
	return nil
}

// entryKey is where the item is in the index, or nil if it is not: an index is
// sparse.
func (t table) entryKey(x index, i item) []byte {
	partition, inPartition := i[x.partition()]
	sort, inOrder := i[x.sort()]
	if !inPartition || !inOrder {
		return nil
	}
	return keyOf(partition, sort, i[t.key()])
}

// change shows a change, now or after the lag.
func (s *Server) change(tx *bbolt.Tx, c indexChange) error {
	if s.config.IndexLag == 0 {
		return c.show(tx)
	}
	number, err := lagging(tx).NextSequence()
	if err != nil {
		return err
	}
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return lagging(tx).Put(binary.BigEndian.AppendUint64(sortableTime(s.config.Now().Add(s.config.IndexLag)), number), data)
}

func (c indexChange) show(tx *bbolt.Tx) error {
	b := entries(tx, c.Table, c.Index)
	if c.Drop != nil {
		if err := b.Delete(c.Drop); err != nil {
			return err
		}
	}
	if c.Add == nil {
		return nil
	}
	data, err := json.Marshal(c.Entry)
	if err != nil {
		return err
	}
	return b.Put(c.Add, data)
}

// settle shows what has lagged for long enough.
func (s *Server) settle() error {
	now := sortableTime(s.config.Now())
	return s.db.Update(func(tx *bbolt.Tx) error { return settle(tx, now) })
}

// settle shows all changes whose time has come, or all of them if now is nil.
func settle(tx *bbolt.Tx, now []byte) error {
	cursor := lagging(tx).Cursor()
	for key, data := cursor.First(); key != nil; key, data = cursor.First() {
		if now != nil && bytes.Compare(key[:len(now)], now) > 0 {
			return nil
		}
		var c indexChange
		if err := json.Unmarshal(data, &c); err != nil {
			return err
		}
		if err := c.show(tx); err != nil {
			return err
		}
		if err := cursor.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// sortableTime is the time in nanoseconds since 1970, which is not before.
func sortableTime(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano()))
}
