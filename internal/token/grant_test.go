package token_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"token-refresher/internal/token"
)

var grantID = token.ID{Client: "subscriptions", Merchant: "DK12345678"}

func grantWith(refreshToken string) token.Grant {
	return token.Grant{ID: grantID, RefreshToken: token.NewSecret(refreshToken), ConsentedAt: noon}
}

// The stamp's format is part of what secrets hold: it must not change.
func TestStampVector(t *testing.T) {
	t.Parallel()
	got := grantWith("rt-1").Stamped(7)
	// printf 'subscriptions/DK12345678\0007\0rt-1\0' | sha256sum
	if want := "96444fd421adcd3e2703be041e9191d9d8607386146c8a820615abb9356e3b1a"; got.Stamp != want {
		t.Errorf("stamp %s, want %s", got.Stamp, want)
	}
	if !got.StampFits() || got.Revision != 7 {
		t.Errorf("Stamped(7) = %+v, want a fitting stamp of revision 7", got)
	}
	other := got
	other.Revision = 8
	moved := got
	moved.ID.Merchant = "DK87654321"
	pasted := got
	pasted.RefreshToken = token.NewSecret("rt-2")
	for name, g := range map[string]token.Grant{"another revision": other, "another merchant": moved, "another token": pasted, "no revision": grantWith("rt-1")} {
		if g.StampFits() {
			t.Errorf("the stamp fits a grant with %s", name)
		}
	}
}

func TestMemoryKeepsTheLast64(t *testing.T) {
	t.Parallel()
	var m token.Memory
	for i := range 100 {
		m = m.With(token.NewSecret(fmt.Sprint("rt-", i)), int64(i))
	}
	if len(m) != 64 {
		t.Fatalf("%d remembered, want 64", len(m))
	}
	if _, known := m.Revision(token.NewSecret("rt-35")); known {
		t.Error("the oldest is still known")
	}
	if revision, known := m.Revision(token.NewSecret("rt-36")); !known || revision != 36 {
		t.Errorf("rt-36 has revision %d, known %v; want 36", revision, known)
	}
	again := m.With(token.NewSecret("rt-50"), 200)
	if revision, _ := again.Revision(token.NewSecret("rt-50")); len(again) != 64 || revision != 200 {
		t.Errorf("remembered again: revision %d of %d entries, want 200 of 64", revision, len(again))
	}
	if before, _ := m.Revision(token.NewSecret("rt-50")); before != 50 {
		t.Error("With changed the memory that it was called on")
	}
}

// Rule R, row by row.
func TestRuleR(t *testing.T) {
	t.Parallel()
	later := func(g token.Grant) token.Grant { g.ConsentedAt = noon.Add(time.Hour); return g }
	stored := func(g token.Grant) token.Stored[token.Grant] { return token.Stored[token.Grant]{Value: g} }
	entry := token.Entry{ID: grantID, Revision: 9, Grant: grantWith("rt-9").Stamped(9)}
	entry.Memory = entry.Memory.With(token.NewSecret("rt-8"), 8).With(token.NewSecret("rt-9"), 9)
	tests := []struct {
		name     string
		found    token.Grant
		revision int64
		standing token.Standing
	}{
		{"what the journal holds", grantWith("rt-9").Stamped(9), 9, token.Same},
		{"the same token with another stamp", grantWith("rt-9").Stamped(3), 9, token.Same},
		{"a remembered one", grantWith("rt-8").Stamped(8), 8, token.Older},
		{"a remembered one that claims to be newer", grantWith("rt-8").Stamped(99), 8, token.Older},
		{"a remembered one with a later consent", later(grantWith("rt-8").Stamped(8)), 8, token.Older},
		{"a stamped one that is ahead: a result that the journal did not take", grantWith("rt-10").Stamped(10), 10, token.Newer},
		{"a stamped one that is long past", grantWith("rt-2").Stamped(2), 2, token.Older},
		{"a stamped one of the same revision", grantWith("rt-9b").Stamped(9), 9, token.Older},
		{"the same, of a later consent", later(grantWith("rt-9b").Stamped(9)), 9, token.Newer},
		{"one that a person pasted", grantWith("pasted"), 10, token.Newer},
		{"one with a stamp that does not fit", token.Grant{ID: grantID, RefreshToken: token.NewSecret("x"), Revision: 4, Stamp: grantWith("y").Stamped(4).Stamp}, 10, token.Newer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if revision, standing := entry.Judge(stored(tt.found)); revision != tt.revision || standing != tt.standing {
				t.Errorf("Judge = revision %d, standing %d; want %d, %d", revision, standing, tt.revision, tt.standing)
			}
		})
	}
	if revision, standing := (token.Entry{ID: grantID}).Judge(stored(grantWith("first"))); revision != 1 || standing != token.Newer {
		t.Errorf("the first grant of an empty entry: revision %d, standing %d; want 1, newer", revision, standing)
	}
}

// A consent is newer than what stood in the secret when it was given, and nobody
// had looked at: an import, or what a journal that is lost has published.
func TestConsentIsNewerThanWhatStoodThere(t *testing.T) {
	t.Parallel()
	ahead := grantWith("pasted")
	ahead.ConsentedAt = noon.Add(time.Hour)
	for _, tt := range []struct {
		name     string
		found    token.Grant
		given    time.Duration // the consent, since noon
		written  time.Duration // since the consent
		dated    time.Duration // the consent, ahead of its commit
		revision int64
		standing token.Standing
	}{
		{name: "pasted before", found: grantWith("pasted"), written: -time.Millisecond, revision: 1, standing: token.Older},
		{name: "pasted before, dated ahead", found: ahead, written: -time.Minute, revision: 1, standing: token.Older},
		{name: "pasted since", found: grantWith("pasted"), written: time.Second, revision: 3, standing: token.Newer},
		{name: "pasted in the same second, told in whole ones", found: grantWith("pasted"), given: time.Second / 2, written: -time.Second / 2, revision: 3, standing: token.Newer},
		{name: "pasted in the second before, told in whole ones", found: grantWith("pasted"), given: time.Second, written: -time.Second, revision: 1, standing: token.Older},
		{name: "stamped before, by a journal that is lost", found: grantWith("stamped").Stamped(17), written: -time.Hour, revision: 1, standing: token.Older},
		{name: "stamped since", found: grantWith("stamped").Stamped(17), written: time.Second, revision: 17, standing: token.Newer},
		{name: "pasted before, over an import that is dated ahead", found: grantWith("pasted"), written: -time.Minute, dated: time.Hour, revision: 3, standing: token.Newer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			consented := grantWith("consented")
			consented.ConsentedAt = noon.Add(tt.given)
			e := token.Entry{ID: grantID, Revision: 2, Grant: consented.Stamped(2), CommittedAt: consented.ConsentedAt.Add(-tt.dated)}
			e.Memory = e.Memory.With(token.NewSecret("rt-1"), 1)
			found := token.Stored[token.Grant]{Value: tt.found, Version: "x", WrittenAt: consented.ConsentedAt.Add(tt.written)}
			if revision, standing := e.Judge(found); revision != tt.revision || standing != tt.standing {
				t.Errorf("Judge = revision %d, standing %d; want %d, %d", revision, standing, tt.revision, tt.standing)
			}
			known := token.Stored[token.Grant]{Value: grantWith("rt-1"), WrittenAt: found.WrittenAt}
			if revision, standing := e.Judge(known); revision != 1 || standing != token.Older {
				t.Errorf("a remembered one: revision %d, standing %d; want 1, older", revision, standing)
			}
			settled, adopted, err := e.Settle(token.Labels{Current: "x"}, map[string]token.Stored[token.Grant]{"x": found}, noon.Add(time.Hour))
			if err != nil || adopted != (tt.standing == token.Newer) {
				t.Fatalf("Settle: adopted %v, error %v", adopted, err)
			}
			found.WrittenAt = noon.Add(2 * time.Hour) // put there once more
			if _, standing := settled.Judge(found); standing == token.Newer {
				t.Error("what was judged once is judged otherwise")
			}
		})
	}
}

// Whatever has once been adopted or published never looks newer again while it
// is remembered.
func TestNothingOldComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, now := token.Entry{ID: grantID}, noon
		var past []token.Grant
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Minute)
			fresh := grantWith(fmt.Sprint("rt-", i))
			if rapid.Bool().Draw(t, "pasted") {
				revision, standing := e.Judge(token.Stored[token.Grant]{Value: fresh})
				if standing != token.Newer {
					t.Fatalf("a pasted grant is not newer")
				}
				e = e.Adopt(revision, fresh, now)
			} else {
				next, err := e.Commit(e.Revision, fresh, token.AccessToken{}, now)
				if err != nil {
					t.Fatal(err)
				}
				e = next
				e.Memory = e.Memory.With(e.Grant.RefreshToken, e.Revision) // published
			}
			for _, old := range past {
				if _, standing := e.Judge(token.Stored[token.Grant]{Value: old}); standing == token.Newer {
					t.Fatalf("revision %d looks newer than %d", old.Revision, e.Revision)
				}
			}
			past = append(past, e.Grant)
		}
	})
}
