package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// Notes is what LastReconcile needs of the journal.
type Notes interface {
	Note(ctx context.Context, key string) (value []byte, version string, err error)
}

// reconcileNote is the journal's note of when the last reconcile began.
const reconcileNote = "reconcile"

// started is the content of the note.
type started struct {
	At time.Time `json:"started_at"`
}

// errNote: the note is there and cannot be read.
var errNote = errors.New("it is unreadable")

// LastReconcile returns when the last reconcile began, by whichever instance; the
// zero time if none has begun, or the last one is to be done again. Errors: the
// journal's, and that the note cannot be read.
func LastReconcile(ctx context.Context, journal Notes) (time.Time, error) {
	at, _, err := lastReconcile(ctx, journal)
	return at, err
}

// lastReconcile also returns the version of the note, and errNote with it.
func lastReconcile(ctx context.Context, journal Notes) (at time.Time, version string, err error) {
	value, version, err := journal.Note(ctx, reconcileNote)
	if errors.Is(err, token.ErrNotFound) {
		return time.Time{}, version, nil
	}
	var last started
	if err == nil && json.Unmarshal(value, &last) != nil {
		err = errNote
	}
	if err != nil {
		return time.Time{}, version, fmt.Errorf("read the note of the last reconcile: %w", err)
	}
	return last.At, version, nil
}
