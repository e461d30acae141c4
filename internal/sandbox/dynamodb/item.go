package dynamodb

import (
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

type getRequest struct {
	TableName      string
	Key            item
	ConsistentRead bool
}

type getAnswer struct {
	Item item `json:",omitempty"`
}

// getItem reads an item. Every read is consistent, whether or not it asks to be.
func (s *Server) getItem(tx *bbolt.Tx, in getRequest) (getAnswer, error) {
	t, err := findTable(tx, in.TableName)
	if err != nil {
		return getAnswer{}, err
	}
	key, err := t.itemKey(in.Key)
	if err != nil {
		return getAnswer{}, err
	}
	found, err := t.read(tx, key)
	return getAnswer{found}, err
}

type putRequest struct {
	conditional
	TableName string
	Item      item
}

// nothing is the answer without fields.
type nothing struct{}

// putItem stores an item in place of the one with its key, if the condition
// holds for that.
func (s *Server) putItem(tx *bbolt.Tx, in putRequest) (nothing, error) {
	t, err := findTable(tx, in.TableName)
	if err != nil {
		return nothing{}, err
	}
	if err := t.checkItem(in.Item); err != nil {
		return nothing{}, err
	}
	return nothing{}, s.replace(tx, t, keyOf(in.Item[t.key()]), in.Item, in.conditional)
}

type deleteRequest struct {
	conditional
	TableName string
	Key       item
}

// deleteItem removes an item, if the condition holds for it. One that does not
// exist is no error.
func (s *Server) deleteItem(tx *bbolt.Tx, in deleteRequest) (nothing, error) {
	t, err := findTable(tx, in.TableName)
	if err != nil {
		return nothing{}, err
	}
	key, err := t.itemKey(in.Key)
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, s.replace(tx, t, key, nil, in.conditional)
}

// replace stores an item, or none if next is nil, in place of what is there.
func (s *Server) replace(tx *bbolt.Tx, t table, key []byte, next item, c conditional) error {
	condition, err := c.parse()
	if err != nil {
		return err
	}
	old, err := t.read(tx, key)
	if err != nil {
		return err
	}
	if !condition.holds(old) {
		return c.failed(old)
	}
	if err := s.reindex(tx, t, old, next); err != nil {
		return err
	}
	if next == nil {
		return items(tx, t.TableName).Delete(key)
	}
	data, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return items(tx, t.TableName).Put(key, data)
}

// read reads an item, which is nil if there is none.
func (t table) read(tx *bbolt.Tx, key []byte) (item, error) {
	data := items(tx, t.TableName).Get(key)
	if data == nil {
		return nil, nil
	}
	return readItem(data)
}

func readItem(data []byte) (item, error) {
	var i item
	if err := json.Unmarshal(data, &i); err != nil {
		return nil, fmt.Errorf("stored item: %w", err)
	}
	return i, nil
}
