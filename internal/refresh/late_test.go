package refresh_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// bury sets a tombstone as a removal does that has taken over a lease. The
// caller holds the lock.
func (w *grantWorld) bury(id token.ID) {
	e := w.entries[id]
	e.Removed, e.Revision, e.Lease, e.Grant = true, e.Revision+1, token.Lease{}, token.Grant{}
	w.writes++
	e.WriteID = "tombstone"
	w.entries[id] = e
}

// An answer that meets a tombstone is revoked, whether it comes now or was kept
// until the journal was there again; if that fails, the log says so.
func TestLateAnswerIsRevoked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		kept  bool // the journal does not take it at first, the secret does
		fault error
		want  string // of the log
	}{
		{"at once", false, nil, "is revoked"},
		{"later", true, nil, "is revoked"},
		{"in vain", false, errStore, "is not revoked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inGrantWorld(t, func(t *testing.T, w *grantWorld, id token.ID) {
				var log bytes.Buffer
				renewer := w.renewer()
				renewer.Log = slog.New(slog.NewTextHandler(&log, nil))
				w.revokeFault = tt.fault
				w.answer = func(id token.ID) answer {
					if tt.kept {
						w.journalFault = func(string) error { return errStore }
					}
					w.bury(id)
					return answer{}
				}
				got := w.renew(renewer, id, refresh.WhenDue)
				if tt.kept {
					w.journalFault = nil
					if atRisk := renewer.Settle(t.Context()); atRisk != 0 {
						t.Errorf("%d answers at risk, want none", atRisk)
					}
				} else if !errors.Is(got.Err, token.ErrRemoved) {
					t.Errorf("Renew: %v, want ErrRemoved", got.Err)
				}
				if want := []string{w.live[id]}; tt.fault == nil && !slices.Equal(w.revoked, want) {
					t.Errorf("revoked %q, want %q", w.revoked, want)
				}
				if text := log.String(); !strings.Contains(text, tt.want) || strings.Contains(text, w.live[id]) {
					t.Errorf("log %q, want %q and no token", text, tt.want)
				}
				if !w.entries[id].Removed || w.entries[id].WriteID != "tombstone" {
					t.Error("the tombstone was written over")
				}
			})
		})
	}
}
