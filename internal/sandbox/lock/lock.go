// Package lock lets one process at a time have a folder.
//
// It owns the lock file, which is the system's to let go of: it is free again
// when its process has ended, by SIGKILL too. What the folder holds, and that
// everybody asks for the lock first, is left to the caller.
package lock

import (
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// patience is how long Take waits: a process that is ending may still have it.
const patience = time.Second

// ErrHeld is the error of Take while another process has the lock.
var ErrHeld = errors.New("another process has the lock")

// Lock is held until Close.
type Lock struct{ db *bbolt.DB }

// Take takes the lock that the file at path is, and makes the file if there is
// none, readable to its owner only. Nobody may remove the file while the lock
// can be held: the next one would lock another file. It is a database without
// anything in it, since that library locks files on every system.
func Take(path string) (*Lock, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: patience})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, ErrHeld
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{db}, nil
}

// Close lets go of the lock.
func (l *Lock) Close() error { return l.db.Close() }
