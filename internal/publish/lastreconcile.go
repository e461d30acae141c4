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

// LastReconcile returns when the last reconcile began, by whichever instance; the
// zero time if none has begun, or the last one is to be done again. Errors: the
// journal's.
func LastReconcile(ctx context.Context, journal Notes) (time.Time, error) {
	value, _, err := journal.Note(ctx, reconcileNote)
	if errors.Is(err, token.ErrNotFound) {
		return time.Time{}, nil
	}
	var last started
	if err == nil {
		err = json.Unmarshal(value, &last)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read the note of the last reconcile: %w", err)
	}
	return last.At, nil
}
