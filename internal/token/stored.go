package token

import (
	"errors"
	"time"
)

// What a store may say of one name. They are told apart with errors.Is.
var (
	// ErrNotFound: nothing is stored under the name, or no value yet.
	ErrNotFound = errors.New("not found")
	// ErrDeleted: the name is scheduled for deletion and can be restored.
	ErrDeleted = errors.New("scheduled for deletion")
	// ErrUnreadable: something is stored that is not a value of this kind. It
	// is never overwritten.
	ErrUnreadable = errors.New("unreadable value")
	// ErrConflict: another writer was first to replace the version that was read.
	ErrConflict = errors.New("already replaced by another writer")
)

// Absent reports whether a store says that there is no value under a name, or
// none any more. Access that failed says nothing of that.
func Absent(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, ErrDeleted) }

// Stored is what a store found under one name: a value and its version, or why
// there is none.
type Stored[T any] struct {
	Value     T
	Version   string    // version id of the value
	WrittenAt time.Time // when that version was created
	Err       error
}
