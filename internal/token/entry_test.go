package token_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"token-refresher/internal/token"
)

func held() token.Entry {
	return token.Entry{ID: grantID, WriteID: "w", Revision: 4, Grant: grantWith("rt-4").Stamped(4), DueAt: noon}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	leased := held()
	leased.Lease = token.Lease{Holder: "other", Until: noon}
	mine := token.Lease{Holder: "me", Until: noon.Add(time.Hour)}
	tests := []struct {
		name      string
		change    func(e *token.Entry)
		entry     token.Entry
		now       time.Time
		force     bool
		want      error
		unsettled bool
	}{
		{name: "free", entry: held(), now: noon},
		{name: "leased", entry: leased, now: noon.Add(-time.Second), want: token.ErrLeased},
		{name: "within the grace", entry: leased, now: noon.Add(token.LeaseGrace - 1), want: token.ErrLeased},
		{name: "after the grace", entry: leased, now: noon.Add(token.LeaseGrace), unsettled: true},
		{name: "forced", entry: leased, now: noon.Add(-time.Second), force: true, unsettled: true},
		{name: "removed", entry: held(), change: func(e *token.Entry) { e.Removed = true }, now: noon, force: true, want: token.ErrRemoved},
		{name: "parked", entry: held(), change: func(e *token.Entry) { e.Parked = true }, now: noon, want: token.ErrRemoved},
		{name: "sealed", entry: held(), change: func(e *token.Entry) { e.Sealed = errors.New("no key") }, now: noon, force: true, want: token.ErrSealed},
		{name: "unsettled before", entry: held(), change: func(e *token.Entry) { e.Unsettled = true }, now: noon, unsettled: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.change != nil {
				tt.change(&tt.entry)
			}
			got, err := tt.entry.Claim(tt.now, mine, tt.force)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("Claim: %v, want %v", err, tt.want)
			}
			if err == nil && (got.Lease != mine || got.Unsettled != tt.unsettled) {
				t.Errorf("lease %+v, unsettled %v; want mine, %v", got.Lease, got.Unsettled, tt.unsettled)
			}
		})
	}
}

func TestReleaseGivesBackOnesOwnLeaseOnly(t *testing.T) {
	t.Parallel()
	e := held()
	e.Lease = token.Lease{Holder: "me", Until: noon}
	if got := e.Release("other"); got.Lease != e.Lease {
		t.Error("another's lease was given back")
	}
	if got := e.Release("me"); got.Lease.Holder != "" {
		t.Error("the lease was not given back")
	}
}

func TestCommit(t *testing.T) {
	t.Parallel()
	e := held()
	e.Lease = token.Lease{Holder: "somebody else", Until: noon.Add(time.Hour)}
	e.Unsettled, e.Suspect = true, true
	e.Result = token.Result{Outcome: token.OutcomeRefused, Failures: 3, RefusedAt: noon, Latch: &token.Latch{}}
	got, err := e.Commit(4, grantWith("rt-5"), published(time.Hour), noon.Add(time.Minute))
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	if got.Revision != 5 || !got.Grant.StampFits() || got.Grant.Revision != 5 || got.Unsettled || got.Suspect || got.Lease != e.Lease {
		t.Errorf("entry %+v, want revision 5, settled, with the lease untouched", got)
	}
	if want := (token.Result{Outcome: token.OutcomeSucceeded, At: noon.Add(time.Minute)}); got.Result != want {
		t.Errorf("result %+v, want a success that clears refusal and latch", got.Result)
	}
	if _, err := e.Commit(3, grantWith("rt-5"), published(time.Hour), noon); !errors.Is(err, token.ErrSuperseded) {
		t.Errorf("Commit on another revision: %v, want ErrSuperseded", err)
	}
	e.Removed = true
	if _, err := e.Commit(4, grantWith("rt-5"), published(time.Hour), noon); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("Commit on a tombstone: %v, want ErrRemoved", err)
	}
}

// Two clocks may differ by that much: half a minute is a promise, not a detail.
func TestLeaseIsRespectedPastItsEnd(t *testing.T) {
	t.Parallel()
	e := held()
	e.Lease = token.Lease{Holder: "somebody", Until: noon}
	if !e.LeasedAt(noon.Add(29*time.Second)) || e.LeasedAt(noon.Add(30*time.Second)) {
		t.Error("the lease is respected for another time than 30 s past its end")
	}
}

// An access token belongs to the grant that it was issued with.
func TestAdoptForgetsTheAccessToken(t *testing.T) {
	t.Parallel()
	e := held()
	e.Access = published(time.Hour)
	if got := e.Adopt(5, grantWith("rt-5"), noon); !got.Access.Value.Empty() || got.Access.Lifetime() != 0 {
		t.Errorf("access token %+v of another grant, want none", got.Access)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	ahead := func(lifetime time.Duration) token.Entry {
		e := held()
		e.Access = published(lifetime)
		e.Access.ID = grantID
		e.Put.At, e.AccessPut.At = noon.Add(-time.Hour), noon.Add(-time.Hour)
		return e
	}
	putAt := func(e token.Entry, at time.Time) token.Entry { e.Put.At, e.AccessPut.At = at, at; return e }
	grantPutAt := func(e token.Entry, at time.Time) token.Entry { e.Put.At = at; return e }
	usedAt := func(e token.Entry, at time.Time) token.Entry { e.UsedAt = at; return e }
	revived := func(age time.Duration) token.Entry {
		e := putAt(ahead(30*time.Minute), noon.Add(-age))
		e.AccessPut.Revision = e.Revision
		e.Access.IssuedAt, e.Access.ExpiresAt = noon.Add(-age), noon.Add(30*time.Minute-age)
		return e
	}
	noonDue := func(lifetime, age time.Duration) time.Duration { // but for the jitter
		return lifetime - lifetime/5 - 3*time.Minute - age - 30*time.Second
	}
	suspect := ahead(time.Hour)
	suspect.Suspect = true
	always := token.Use{Refresh: token.RefreshAlways}
	tests := []struct {
		name        string
		entry       token.Entry
		use         token.Use
		due, latest time.Time // latest, if the id's jitter decides
		publish     time.Time
	}{
		{"long-lived", ahead(time.Hour), token.Use{}, noon.Add(44*time.Minute + 30*time.Second), noon.Add(45 * time.Minute), noon},
		{"long-lived, not before its secret may be written again", ahead(25 * time.Minute), token.Use{}, noon.Add(16*time.Minute + 30*time.Second), noon.Add(17 * time.Minute), noon},
		{"the shortest that is published", ahead(1425 * time.Second), token.Use{}, noon.Add(16 * time.Minute), noon.Add(16 * time.Minute), noon},
		{"too old when it may be published", putAt(ahead(30*time.Minute), noon.Add(-time.Minute)), token.Use{}, noon.Add(15 * time.Minute), noon.Add(15 * time.Minute), noon.Add(15 * time.Minute)},
		{"young enough when it may be published", putAt(ahead(30*time.Minute), noon.Add(-15*time.Minute)), token.Use{}, noon.Add(20*time.Minute + 30*time.Second), noon.Add(21 * time.Minute), noon.Add(time.Minute)},
		{"long-lived, and only the grant was put just now", grantPutAt(ahead(time.Hour), noon.Add(-time.Minute)), token.Use{}, noon.Add(44*time.Minute + 30*time.Second), noon.Add(45 * time.Minute), noon},
		{"revived, and published before it was parked", revived(20 * time.Minute), token.Use{}, noon.Add(noonDue(30*time.Minute, 20*time.Minute)), noon.Add(noonDue(30*time.Minute, 20*time.Minute) + 30*time.Second), noon},
		{"revived, expired", revived(40 * time.Minute), token.Use{}, noon.Add(noonDue(30*time.Minute, 40*time.Minute)), noon, noon},
		{"revived, expired and never published", func() token.Entry { e := revived(40 * time.Minute); e.AccessPut.Revision--; return e }(), token.Use{}, noon.Add(-time.Hour), noon, noon},
		{"long-lived, but for the function", ahead(time.Hour), token.Use{Publish: token.PublishFunction}, noon.Add(24*time.Hour - 30*time.Second), noon.Add(24 * time.Hour), noon},
		{"short-lived and idle", ahead(300 * time.Second), token.Use{}, noon.Add(24*time.Hour - 30*time.Second), noon.Add(24 * time.Hour), noon},
		{"short-lived, used within the hour", usedAt(ahead(300*time.Second), noon.Add(-59*time.Minute)), token.Use{}, noon.Add(180 * time.Second), noon.Add(180 * time.Second), noon},
		{"short-lived, used before that", usedAt(ahead(300*time.Second), noon.Add(-time.Hour)), token.Use{}, noon.Add(24*time.Hour - 30*time.Second), noon.Add(24 * time.Hour), noon},
		{"short-lived, refresh: always", ahead(300 * time.Second), always, noon.Add(180 * time.Second), noon.Add(180 * time.Second), noon},
		{"adopted, without an access token", held(), token.Use{}, noon, noon, noon},
		{"suspect", suspect, token.Use{}, time.Time{}, time.Time{}, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := schedule.Plan(tt.entry, tt.use, noon)
			if got.DueAt.Before(tt.due) || got.DueAt.After(tt.latest) {
				t.Errorf("due %v after noon, want %v to %v", got.DueAt.Sub(noon), tt.due.Sub(noon), tt.latest.Sub(noon))
			}
			if !got.PublishAt.Equal(tt.publish) {
				t.Errorf("to be published %v after noon, want %v", got.PublishAt.Sub(noon), tt.publish.Sub(noon))
			}
		})
	}
}

func TestUsedBringsAnIdleRenewalForward(t *testing.T) {
	t.Parallel()
	e := held()
	e.Access = published(300 * time.Second)
	e = schedule.Plan(e, token.Use{}, noon)
	if got := schedule.Used(e, token.Use{}, noon); !got.DueAt.Equal(noon.Add(180*time.Second)) || !got.UsedAt.Equal(noon) {
		t.Errorf("due %v after noon, want 3 minutes", got.DueAt.Sub(noon))
	}
	e.Result = token.Result{Outcome: token.OutcomeRefused, Failures: 1, RefusedAt: noon}
	if got := schedule.Used(e, token.Use{}, noon); !got.DueAt.Equal(e.DueAt) {
		t.Error("asking for one that failed brought its next try forward")
	}
	long := held()
	long.Access = published(time.Hour)
	long = schedule.Plan(long, token.Use{}, noon)
	if got := schedule.Used(long, token.Use{}, noon); !got.DueAt.Equal(long.DueAt) {
		t.Error("asking for a published one changed its due time")
	}
	adopted := schedule.Plan(held(), token.Use{}, noon) // no access token is known
	if got := schedule.Used(adopted, token.Use{}, noon); !got.DueAt.Equal(adopted.DueAt) || !got.UsedAt.Equal(noon) {
		t.Errorf("asking for an adopted one made it due at %v, want its due time unchanged", got.DueAt)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	latch := token.FingerprintOf(token.NewSecret("rt and client and endpoint"))
	first, latched := schedule.Refused(held(), latch, true, noon)
	if latched || !first.DueAt.Equal(noon.Add(10*time.Minute)) || !first.Result.RotationLost || first.Result.Failures != 1 {
		t.Fatalf("first refusal: latched %v, %+v", latched, first.Result)
	}
	early, latched := schedule.Refused(first, latch, false, noon.Add(9*time.Minute))
	if latched || !early.DueAt.Equal(noon.Add(10*time.Minute)) {
		t.Errorf("a second one too early: latched %v, due %v after noon", latched, early.DueAt.Sub(noon))
	}
	second, latched := schedule.Refused(first, latch, false, noon.Add(10*time.Minute))
	if !latched || second.Result.Latch == nil || !second.Result.RotationLost || !second.DueAt.Equal(noon.Add(24*time.Hour+10*time.Minute)) {
		t.Errorf("second refusal: latched %v, %+v, due %v after noon", latched, second.Result, second.DueAt.Sub(noon))
	}
	other := token.FingerprintOf(token.NewSecret("rt and another client"))
	anew, latched := schedule.Refused(second, other, false, noon.Add(time.Hour))
	if latched || anew.Result.Latch != nil || !anew.DueAt.Equal(noon.Add(70*time.Minute)) {
		t.Errorf("refused with another client: latched %v, %+v, due %v after noon; want a first refusal", latched, anew.Result, anew.DueAt.Sub(noon))
	}
	daily, latched := schedule.Refused(second, latch, false, noon.Add(25*time.Hour))
	if latched || !daily.DueAt.Equal(noon.Add(49*time.Hour)) {
		t.Errorf("the daily try: latched %v again, due %v after noon", latched, daily.DueAt.Sub(noon))
	}
}

func TestPrintedEntryShowsNoSecret(t *testing.T) {
	t.Parallel()
	e := held()
	e.Grant.RefreshToken, e.Grant.CodeVerifier, e.Access.Value = token.NewSecret(hush), token.NewSecret(hush), token.NewSecret(hush)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		refuseLeak(t, verb, fmt.Sprintf(verb, e))
	}
}

func TestUsable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*token.Entry)
		want   bool
	}{
		{"good", func(*token.Entry) {}, true},
		{"refused by the provider", func(e *token.Entry) { e.Result.Latch = &token.Latch{} }, true},
		{"removed", func(e *token.Entry) { e.Removed = true }, false},
		{"parked", func(e *token.Entry) { e.Parked = true }, false},
		{"of somebody else", func(e *token.Entry) { e.Suspect = true }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := held()
			tt.change(&e)
			if got := e.Usable(); got != tt.want {
				t.Errorf("Usable: got %v, want %v", got, tt.want)
			}
		})
	}
}
