package refresh_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever deletes credentials by mistake stops the renewals of their grants, and
// nothing else would say so.
func TestGrantsWithoutCredentialsAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("subscriptions", always, 1)
		w.addClient("reporting", always, 2)
		s := w.sweep()
		w.run(s)
		uses := w.clients["reporting"]
		delete(w.clients, "reporting")
		time.Sleep(5 * time.Minute) // its tokens are due
		for minute := range 20 {
			r := w.run(s)
			switch told := len(r.Failed) == 1 && r.Failed[0].Token == "reporting" && r.FailedByClass["credentials"] == 1; {
			case minute < 15 && len(r.Failed) > 0:
				t.Fatalf("after %d minutes: failed %v, want nothing while a list may lag", minute, r.Failed)
			case minute >= 15 && !told:
				t.Fatalf("after %d minutes: failed %v by class %v, want the client once", minute, r.Failed, r.FailedByClass)
			}
			time.Sleep(time.Minute)
		}
		if log := w.log.take(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "client=reporting") {
			t.Error("the log does not name the client")
		}
		w.clients["reporting"] = uses
		if r := w.run(s); len(r.Failed) > 0 || r.Renewed < 2 {
			t.Errorf("with credentials: failed %v, renewed %d; want all renewed", r.Failed, r.Renewed)
		}
		delete(w.clients, "reporting")
		time.Sleep(5 * time.Minute)
		if r := w.run(s); len(r.Failed) > 0 {
			t.Errorf("gone once more: failed %v, want an interval of grace", r.Failed)
		}
	})
}

// What cannot be parsed is reported by its own fault, and only once.
func TestUnusableCredentialsAreNoOrphans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newGrantWorld(t)
		w.addClient("reporting", always, 1)
		w.unusable = map[string]error{"reporting": errStore}
		s := w.sweep()
		for range 20 {
			if r := w.run(s); len(r.Failed) != 1 || !strings.Contains(r.Failed[0].Error, errStore.Error()) {
				t.Fatalf("failed %v, want the fault once", r.Failed)
			}
			time.Sleep(time.Minute)
		}
	})
}
