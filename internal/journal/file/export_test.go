package file

import (
	"go.etcd.io/bbolt"

	"token-refresher/internal/journal"
)

// DB is the database, for tests that act behind the journal's back.
func (j *Journal) DB() *bbolt.DB { return j.db }

// WriteRow stores a row as if somebody else had.
func WriteRow(tx *bbolt.Tx, row journal.Row) error {
	current, err := readRow(tx, row.Key)
	if err != nil {
		return err
	}
	return writeRow(tx, current, row)
}
