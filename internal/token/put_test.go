package token_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

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

func TestSettle(t *testing.T) {
	t.Parallel()
	later := grantOf("consented later")
	later.ConsentedAt = noon.Add(time.Minute)
	edited := grantOf("token 3").Stamped(3)
	edited.Scope = "edited"
	tests := []struct {
		name    string
		ahead   bool // no put is open
		current string
		before  string
		found   map[string]token.Grant
		holds   string
		adopted bool
		done    bool // the secret is known to hold the newest answer
	}{
		{name: "put and confirmed", current: "v2", before: "v1", holds: "token 3", done: true},
		{name: "not put", current: "v1", before: "v0", holds: "token 3"},
		{name: "put, then moved back", current: "v1", before: "v2", holds: "token 3"},
		{name: "a secret without a value", holds: "token 3"},
		{name: "a stranger was covered", current: "v2", before: "x", found: map[string]token.Grant{"x": grantOf("pasted")}, holds: "pasted", adopted: true},
		{name: "a loser was covered", current: "v2", before: "x", found: map[string]token.Grant{"x": grantOf("token 1")}, holds: "token 3", done: true},
		{name: "an unreadable value was covered", current: "v2", before: "x", holds: "token 3", done: true},
		{name: "a tie with a later consent was covered", current: "v2", before: "x", found: map[string]token.Grant{"x": later.Stamped(3)}, holds: "consented later", adopted: true},
		{name: "a stranger instead", current: "x", before: "v1", found: map[string]token.Grant{"x": grantOf("pasted")}, holds: "pasted", adopted: true},
		{name: "a stranger after it", current: "x", before: "v2", found: map[string]token.Grant{"x": grantOf("pasted")}, holds: "pasted", adopted: true},
		{name: "two strangers, the last wins", current: "y", before: "x", found: map[string]token.Grant{"x": grantOf("pasted"), "y": grantOf("again")}, holds: "again", adopted: true},
		{name: "a winner under a loser", current: "y", before: "x", found: map[string]token.Grant{"x": grantOf("pasted"), "y": grantOf("token 2")}, holds: "pasted", adopted: true},
		{name: "a fallback", ahead: true, current: "k", before: "v1", found: map[string]token.Grant{"k": grantOf("token 4").Stamped(4)}, holds: "token 4", adopted: true, done: true},
		{name: "a fallback that the journal took too", ahead: true, current: "k", before: "v1", found: map[string]token.Grant{"k": grantOf("token 3").Stamped(3)}, holds: "token 3", done: true},
		{name: "an edited field", ahead: true, current: "x", before: "v1", found: map[string]token.Grant{"x": edited}, holds: "token 3"},
		{name: "the label on an older one", ahead: true, current: "v0", before: "v1", holds: "token 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := claimedEntry(t)
			if tt.ahead {
				e = aheadEntry(t)
			}
			labels := token.Labels{Current: tt.current, Previous: tt.before}
			for version := range tt.found {
				if !slices.Contains(e.Strange(labels), version) {
					t.Errorf("Strange = %v, want %s in it", e.Strange(labels), version)
				}
			}
			got, adopted, err := e.Settle(labels, storedOf(tt.found), noon.Add(2*time.Hour))
			if err != nil || adopted != tt.adopted || got.Published() != tt.done {
				t.Fatalf("Settle: adopted %v, published %v, error %v, want %v, %v", adopted, got.Published(), err, tt.adopted, tt.done)
			}
			if holds := got.Grant.RefreshToken.Reveal(); holds != tt.holds || !got.Grant.StampFits() || got.Grant.Revision != got.Revision {
				t.Errorf("it holds %q at %d, stamp of %d, want %q", holds, got.Revision, got.Grant.Revision, tt.holds)
			}
			at := e.Put.At
			if e.Put.Open() && (tt.current == e.Put.Version || tt.before == e.Put.Version) {
				at = noon.Add(2 * time.Hour) // when it was seen to have been made
			}
			if got.Put.Open() || got.Put.Version != tt.current || got.Put.At != at || got.Put.Number != e.Put.Number {
				t.Errorf("put = %+v, want it settled at %q of %v, its number kept", got.Put, tt.current, at)
			}
		})
	}
}

// storedOf is grants as they are found, by version, written nobody knows when.
func storedOf(grants map[string]token.Grant) map[string]token.Stored[token.Grant] {
	found := map[string]token.Stored[token.Grant]{}
	for version, grant := range grants {
		found[version] = token.Stored[token.Grant]{Value: grant, Version: version}
	}
	return found
}

// Whatever is found, settling goes back in nothing, and settling again finds
// nothing new.
func TestSettleIsFinal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		e := aheadEntry(t)
		if rapid.Bool().Draw(rt, "claimed") {
			e = claimedEntry(t)
		}
		version := rapid.SampledFrom([]string{"", "v0", "v1", "v2", "x", "y"})
		labels := token.Labels{Current: version.Draw(rt, "current"), Previous: version.Draw(rt, "previous")}
		found := map[string]token.Grant{}
		for _, strange := range e.Strange(labels) {
			grant := grantOf(rapid.SampledFrom([]string{"token 1", "token 3", "token 4", "pasted"}).Draw(rt, "token"))
			grant.ConsentedAt = noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(rt, "consented")) * time.Minute)
			if revision := rapid.Int64Range(0, 5).Draw(rt, "revision"); revision > 0 {
				grant = grant.Stamped(revision)
			}
			found[strange] = grant
		}
		got, adopted, err := e.Settle(labels, storedOf(found), noon.Add(time.Hour))
		if err != nil || got.Revision < e.Revision || got.Put.Open() {
			rt.Fatalf("Settle: revision %d after %d, put %+v, error %v", got.Revision, e.Revision, got.Put, err)
		}
		if !adopted && !got.Grant.RefreshToken.Equal(e.Grant.RefreshToken) {
			rt.Errorf("nothing adopted, and another refresh token")
		}
		if _, known := got.Memory.Revision(got.Grant.RefreshToken); adopted && !known {
			rt.Errorf("what was adopted is not remembered")
		}
		for version, grant := range found {
			if _, standing := got.Judge(token.Stored[token.Grant]{Value: grant}); standing == token.Newer {
				rt.Errorf("%s holds what is newer still", version)
			}
		}
		again, adopted, err := got.Settle(labels, storedOf(found), noon.Add(time.Hour))
		if err != nil || adopted || len(got.Strange(labels)) > 0 || again.Published() != got.Published() {
			rt.Errorf("again: adopted %v, strange %v, error %v", adopted, got.Strange(labels), err)
		}
	})
}

func TestSettleNeedsTheLease(t *testing.T) {
	t.Parallel()
	lease := token.Lease{Holder: "renewer", Until: noon}
	for after, want := range map[time.Duration]error{token.LeaseGrace - time.Second: token.ErrLeased, token.LeaseGrace: nil} {
		e := claimedEntry(t)
		e.Lease, e.Unsettled = lease, true
		got, adopted, err := e.Settle(token.Labels{Current: "x", Previous: "v1"}, storedOf(map[string]token.Grant{"x": grantOf("pasted")}), noon.Add(after))
		if !errors.Is(err, want) || adopted != (want == nil) {
			t.Errorf("%v after the lease: adopted %v, error %v, want %v", after, adopted, err, want)
		}
		if want == nil && (got.Lease.Holder != "" || got.Unsettled) {
			t.Errorf("lease %+v, unsettled %v, want neither", got.Lease, got.Unsettled)
		}
		if _, _, err := e.Settle(token.Labels{Current: "v2", Previous: "v1"}, nil, noon); err != nil {
			t.Errorf("confirming under somebody's lease: %v", err)
		}
	}
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
