package token_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"token-refresher/internal/token"
)

var merchant = token.ID{Client: "pos", Merchant: "DK12345678"}

func grantOf(refreshToken string) token.Grant {
	return token.Grant{ID: merchant, RefreshToken: token.NewSecret(refreshToken), Scope: "a", ConsentedAt: noon}
}

// aheadEntry published revision 1 as v1, which replaced v0, and holds revision 2.
func aheadEntry(t testing.TB) token.Entry {
	t.Helper()
	e := token.Entry{ID: merchant}
	for i, put := range []token.Put{{Version: "v0"}, {Version: "v1", Read: "v0"}} {
		next, err := e.Commit(e.Revision, grantOf(fmt.Sprint("token ", i+1)), token.AccessToken{}, noon)
		if err != nil {
			t.Fatalf("Commit: %v", err)
		}
		if next, err = next.ClaimPut(put.Version, false, noon); err != nil {
			t.Fatalf("ClaimPut: %v", err)
		}
		if e, _, err = next.Settle(token.Labels{Current: put.Version, Previous: put.Read}, nil, noon); err != nil || !e.Published() {
			t.Fatalf("Settle: published %v, error %v", e.Published(), err)
		}
	}
	e, err := e.Commit(e.Revision, grantOf("token 3"), token.AccessToken{}, noon)
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	return e
}

// claimedEntry is aheadEntry with the put of v2 open.
func claimedEntry(t testing.TB) token.Entry {
	t.Helper()
	e, err := aheadEntry(t).ClaimPut("v2", false, noon.Add(time.Hour))
	if err != nil {
		t.Fatalf("ClaimPut: %v", err)
	}
	return e
}

func TestClaimPut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*token.Entry)
		want   error
	}{
		{name: "ahead", change: func(*token.Entry) {}},
		{name: "removed", change: func(e *token.Entry) { e.Removed = true }, want: token.ErrRemoved},
		{name: "parked", change: func(e *token.Entry) { e.Parked = true }, want: token.ErrRemoved},
		{name: "sealed", change: func(e *token.Entry) { e.Sealed = errors.New("no key") }, want: token.ErrSealed},
		{name: "open", change: func(e *token.Entry) { e.Put.Confirmed = false }, want: token.ErrPutOpen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := aheadEntry(t)
			tt.change(&e)
			got, err := e.ClaimPut("v2", true, noon)
			if !errors.Is(err, tt.want) || (err != nil && got.Put != e.Put) {
				t.Errorf("error = %v, want %v and nothing changed", err, tt.want)
			}
			if err == nil && (!got.Put.Open() || got.Put.Read != "v1" || got.Put.Revision != 3 || len(got.Forced) != 1) {
				t.Errorf("put = %+v, forced %v, want it open over v1, noted", got.Put, got.Forced)
			}
		})
	}
}

// A put that was not made leaves nothing behind but its number: no version is
// named twice.
func TestWithdrawPut(t *testing.T) {
	t.Parallel()
	before := aheadEntry(t).Put
	e := claimedEntry(t)
	got, err := e.WithdrawPut(e.Put.Number, before)
	want := before
	want.Number = e.Put.Number
	if err != nil || got.Put != want {
		t.Errorf("put = %+v, error %v, want %+v", got.Put, err, want)
	}
	if _, err := e.WithdrawPut(e.Put.Number-1, before); !errors.Is(err, token.ErrPutTaken) {
		t.Errorf("another number: error = %v, want ErrPutTaken", err)
	}
	if _, err := got.WithdrawPut(got.Put.Number, before); !errors.Is(err, token.ErrPutTaken) {
		t.Errorf("twice: error = %v, want ErrPutTaken", err)
	}
}

func TestForced(t *testing.T) {
	t.Parallel()
	e := token.Entry{}
	for i := range 8 {
		if !schedule.CanForce(e, noon.Add(time.Duration(i)*time.Hour)) {
			t.Fatalf("put %d may not be forced", i)
		}
		e = e.Force(noon.Add(time.Duration(i) * time.Hour))
	}
	if schedule.CanForce(e, noon.Add(24*time.Hour-time.Second)) {
		t.Error("a ninth put within 24 hours may be forced")
	}
	if e = e.Force(noon.Add(24 * time.Hour)); len(e.Forced) != 8 || schedule.CanForce(e, noon.Add(24*time.Hour)) {
		t.Errorf("%d noted, want the first one forgotten", len(e.Forced))
	}
}

func TestPublishNext(t *testing.T) {
	t.Parallel()
	schedule := token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute}
	access := token.AccessToken{ID: merchant, IssuedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	now := noon.Add(time.Minute)
	tests := []struct {
		name   string
		change func(*token.Entry)
		use    token.Use
		want   time.Time
	}{
		{name: "the grant waits", change: func(*token.Entry) {}, want: noon.Add(16 * time.Minute)},
		{name: "the grant may", change: func(e *token.Entry) { e.Put.At = noon.Add(-time.Hour) }, want: now},
		{name: "a put is open", change: func(e *token.Entry) { e.Put.Confirmed = false }, want: noon.Add(token.PutWithin + token.PutGrace)},
		{name: "an access token, too", change: func(e *token.Entry) { e.Access = access }, want: now},
		{name: "one that waits", change: func(e *token.Entry) { e.Access, e.AccessPut.At = access, noon.Add(-time.Minute) }, want: noon.Add(15 * time.Minute)},
		{name: "one kept out of secrets", change: func(e *token.Entry) { e.Access = access }, use: token.Use{Publish: token.PublishFunction}, want: noon.Add(16 * time.Minute)},
		{name: "one that is there", change: func(e *token.Entry) { e.Access, e.AccessPut.Revision = access, e.Revision }, want: noon.Add(16 * time.Minute)},
		{name: "all is there", change: func(e *token.Entry) { e.Put.Revision = e.Revision }},
		{name: "suspect", change: func(e *token.Entry) { e.Suspect = true }},
		{name: "removed", change: func(e *token.Entry) { e.Removed = true }},
		{name: "parked", change: func(e *token.Entry) { e.Parked = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := aheadEntry(t)
			tt.change(&e)
			if got := schedule.PublishNext(e, tt.use, now); !got.Equal(tt.want) {
				t.Errorf("PublishNext = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRestorable(t *testing.T) {
	t.Parallel()
	e := aheadEntry(t) // a refresh: consented long ago
	e.Put.At = noon.Add(time.Minute)
	if e.Restorable() {
		t.Error("a refreshed grant brings a deleted secret back")
	}
	consent := grantOf("consented")
	consent.ConsentedAt = noon.Add(time.Hour)
	e, err := e.Commit(e.Revision, consent, token.AccessToken{}, noon)
	if err != nil || !e.Restorable() {
		t.Errorf("a consent given since does not (error %v)", err)
	}
	if e, err = e.ClaimPut("v2", false, noon); err != nil || e.Restorable() {
		t.Errorf("one that was put does (error %v)", err)
	}
}
