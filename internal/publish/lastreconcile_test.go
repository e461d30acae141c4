package publish_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/token"
)

// noted is a journal with one note, or why there is none.
type noted struct {
	value string
	err   error
}

func (n noted) Note(context.Context, string) (value []byte, version string, err error) {
	return []byte(n.value), "1", n.err
}

func TestLastReconcile(t *testing.T) {
	t.Parallel()
	down := errors.New("journal is down")
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		note noted
		want time.Time
		fail bool
	}{
		{"began", noted{value: `{"started_at":"2026-11-21T12:00:00Z"}`}, at, false},
		{"to be done again", noted{value: `{}`}, time.Time{}, false},
		{"never began", noted{err: token.ErrNotFound}, time.Time{}, false},
		{"not known", noted{err: down}, time.Time{}, true},
		{"unreadable", noted{value: `{"started_at":1}`}, time.Time{}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := publish.LastReconcile(t.Context(), test.note)
			if !got.Equal(test.want) || (err != nil) != test.fail {
				t.Errorf("LastReconcile: got %s and %v, want %s and failure %v", got, err, test.want, test.fail)
			}
		})
	}
}

// A note that says nothing keeps nobody from comparing, once: it is replaced.
func TestReconcileReplacesAnUnreadableNote(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.published(merchant)
		if _, err := w.journal.SwapNote(w.t.Context(), "reconcile", []byte(`{"started_at":1}`), ""); err != nil {
			w.t.Fatalf("SwapNote: %v", err)
		}
		w.wantReconciled(publish.Reconciled{})
		if at, err := publish.LastReconcile(w.t.Context(), w.journal); err != nil || !at.Equal(time.Now()) {
			w.t.Errorf("the note: %s and %v, want now", at, err)
		}
	})
}
