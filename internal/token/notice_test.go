package token_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/token"
)

func TestTell(t *testing.T) {
	t.Parallel()
	at := func(minutes int) time.Time { return removedAt.Add(time.Duration(minutes) * time.Minute) }
	e := token.Entry{PublishAt: at(10)}
	given := e.Tell(token.EventConsentGiven, token.ReasonConsented, at(5))
	if !given.PublishAt.Equal(at(5)) || len(e.Untold) != 0 {
		t.Errorf("next at %v, want it brought forward and the entry before unchanged", given.PublishAt)
	}
	both := given.Tell(token.EventRotationLost, token.ReasonRotationLost, at(20)).Tell(token.EventConsentGiven, token.ReasonConsented, at(15))
	want := []token.Notice{
		{Type: token.EventRotationLost, Reason: token.ReasonRotationLost, Since: at(20)},
		{Type: token.EventConsentGiven, Reason: token.ReasonConsented, Since: at(15)},
	}
	if diff := cmp.Diff(want, both.Untold); diff != "" {
		t.Errorf("untold (-want +got):\n%s", diff)
	}
	if !both.PublishAt.Equal(at(5)) {
		t.Errorf("next at %v, want %v", both.PublishAt, at(5))
	}
	if diff := cmp.Diff(want, both.Told(given.Untold).Untold); diff != "" {
		t.Errorf("told of an older one, untold (-want +got):\n%s", diff)
	}
	if left := both.Told(both.Untold); len(left.Untold) != 0 {
		t.Errorf("untold %v, want nothing left", left.Untold)
	}
}

// Something to tell is planned whatever else becomes of the entry.
func TestUntoldIsPlanned(t *testing.T) {
	t.Parallel()
	s := token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute}
	states := map[string]func(token.Entry) token.Entry{
		"planned": func(e token.Entry) token.Entry { return s.Plan(e, token.Use{}, removedAt) },
		"planned while suspect": func(e token.Entry) token.Entry {
			e.Suspect = true
			return s.Plan(e, token.Use{}, removedAt)
		},
		"parked": func(e token.Entry) token.Entry {
			parked, err := e.Park(removedAt)
			if err != nil {
				t.Errorf("Park: %v", err)
			}
			return parked
		},
	}
	for name, become := range states {
		e := token.Entry{Put: token.Put{At: removedAt, Revision: 1, Confirmed: true}}.Tell(token.EventConsentGiven, token.ReasonConsented, removedAt)
		if got := become(e).PublishAt; !got.Equal(removedAt) {
			t.Errorf("%s: next at %v, want at once", name, got)
		}
	}
}
