package token_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"token-refresher/internal/token"
)

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
