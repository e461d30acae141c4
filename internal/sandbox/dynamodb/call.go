package dynamodb

import (
	"encoding/json"

	"go.etcd.io/bbolt"
)

// A Call is one call as a client sends it. Index is empty but for a Query, and
// Key, the item's partition key, for calls that are not about one item.
type Call struct{ Operation, Table, Index, Key string }

// An operation is one of the service's calls: whether it changes anything, and
// what it does.
type operation struct {
	mutates bool
	run     func(s *Server, tx *bbolt.Tx, body []byte) (any, error)
}

// lookUp knows the operations that the journal and its tests use.
func lookUp(name string) (operation, bool) {
	switch name {
	case "CreateTable":
		return operation{mutates: true, run: handle((*Server).createTable)}, true
	case "DeleteItem":
		return operation{mutates: true, run: handle((*Server).deleteItem)}, true
	case "DescribeTable":
		return operation{run: handle((*Server).describeTable)}, true
	case "GetItem":
		return operation{run: handle((*Server).getItem)}, true
	case "PutItem":
		return operation{mutates: true, run: handle((*Server).putItem)}, true
	case "Query":
		return operation{run: handle((*Server).query)}, true
	case "Scan":
		return operation{run: handle((*Server).scan)}, true
	default:
		return operation{}, false
	}
}

func handle[Request, Answer any](f func(*Server, *bbolt.Tx, Request) (Answer, error)) func(*Server, *bbolt.Tx, []byte) (any, error) {
	return func(s *Server, tx *bbolt.Tx, body []byte) (any, error) {
		request, err := decode[Request](body)
		if err != nil {
			return nil, err
		}
		return f(s, tx, request)
	}
}

// call runs one operation in one transaction: observed first, then subject to a
// fault, as a request meets them at AWS.
func (s *Server) call(name string, body []byte) (answer any, err error) {
	fault := s.meet(name, body)
	op, ok := lookUp(name)
	if !ok {
		return nil, notEmulated("the operation %s", name)
	}
	if err := fault.Refusal(); err != nil {
		return nil, err
	}
	if s.config.IndexLag > 0 {
		if err := s.settle(); err != nil {
			return nil, err
		}
	}
	transact := s.db.View
	if op.mutates {
		transact = s.db.Update
	}
	err = transact(func(tx *bbolt.Tx) error {
		answer, err = op.run(s, tx, body)
		return err
	})
	return fault.After(answer, err)
}

// meet tells the observer of a call, and chooses its fault.
func (s *Server) meet(name string, body []byte) *Fault {
	choose := s.fault.Load()
	if choose == nil && s.config.Observe == nil {
		return nil
	}
	c := s.described(name, body)
	if s.config.Observe != nil {
		s.config.Observe(c)
	}
	if choose == nil {
		return nil
	}
	return (*choose)(c)
}

// described says what a request is about, as far as it can be read.
func (s *Server) described(name string, body []byte) Call {
	var request struct {
		TableName, IndexName string
		Key, Item            item
	}
	c := Call{Operation: name}
	if err := json.Unmarshal(body, &request); err != nil {
		return c
	}
	c.Table, c.Index = request.TableName, request.IndexName
	_ = s.db.View(func(tx *bbolt.Tx) error { // without the table, there is no key to tell
		t, err := findTable(tx, c.Table)
		if err != nil {
			return err
		}
		c.Key = string(request.Key[t.key()].data) + string(request.Item[t.key()].data)
		return nil
	})
	return c
}
