package token_test

import (
	"errors"
	"testing"
	"time"

	"token-refresher/internal/token"
)

var removedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tombstone is an entry that was removed at revision 5, whose grant is revoked.
func tombstone(t *testing.T, before ...token.Exchange) token.Entry {
	t.Helper()
	e := token.Entry{Revision: 4, Exchanges: before, DueAt: removedAt, UsedAt: removedAt}
	e.Grant = token.Grant{RefreshToken: token.NewSecret("removed")}.Stamped(4)
	e, err := e.Remove(token.Labels{}, nil, token.Lease{Holder: "remover", Until: removedAt.Add(time.Minute)}, removedAt)
	if err != nil {
		t.Fatalf("Remove: %v", err)
	}
	return e.Revoked(false, removedAt).Release("remover")
}

func done(e token.Entry) token.Entry {
	return token.Schedule{SweepInterval: time.Minute}.RemovalTried(e, true, removedAt.Add(time.Hour))
}

func TestTombstone(t *testing.T) {
	t.Parallel()
	e := tombstone(t, token.Exchange{Attempt: token.Fingerprint{1}}, token.Exchange{Attempt: token.Fingerprint{2}, Outcome: token.ExchangeDone})
	if !e.Removed || e.Revision != 5 || !e.DueAt.IsZero() || !e.Grant.RefreshToken.Empty() || len(e.Untold) != 1 {
		t.Errorf("entry %+v, want a tombstone one revision on, not due, without its grant and to be told of", e)
	}
	if first, second := e.Exchanges[0].Outcome, e.Exchanges[1].Outcome; first != token.ExchangeFailed || second != token.ExchangeDone {
		t.Errorf("consents ended as %q and %q, want the one under way failed", first, second)
	}
	if _, err := e.Claim(removedAt, token.Lease{}, true); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a claim by force: %v, want ErrRemoved", err)
	}
	if _, err := e.Commit(5, token.Grant{}, token.AccessToken{}, removedAt); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a commit: %v, want ErrRemoved", err)
	}
}

// While a removal is under way no consent begins; one that began before it never
// commits; one that begins afterwards lives.
func TestConsentsAroundARemoval(t *testing.T) {
	t.Parallel()
	before, after := token.Fingerprint{1}, token.Fingerprint{2}
	e := tombstone(t, token.Exchange{Attempt: before, At: removedAt})
	now := removedAt.Add(2 * time.Hour)
	if _, err := e.BeginExchange(after, token.Lease{}, true, now); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("begun while it is removed: %v, want ErrRemoved", err)
	}
	if _, err := e.CommitExchange(before, token.Grant{}, token.AccessToken{}, now); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("committed while it is removed: %v, want ErrRemoved", err)
	}
	e = done(e)
	for _, attempt := range []token.Fingerprint{before, after} {
		if _, err := e.CommitExchange(attempt, token.Grant{}, token.AccessToken{}, now); !errors.Is(err, token.ErrRemoved) {
			t.Errorf("committed when it was removed: %v, want ErrRemoved", err)
		}
	}
	begun, err := e.BeginExchange(after, token.Lease{Holder: "h", Until: now.Add(time.Minute)}, false, now)
	if err != nil || !begun.Removed {
		t.Fatalf("begun anew: removed %v, %v; want the tombstone to stay until there is a grant", begun.Removed, err)
	}
	lives, err := begun.CommitExchange(after, token.Grant{RefreshToken: token.NewSecret("new")}, token.AccessToken{}, now)
	if err != nil || lives.Removed || lives.Removal != (token.Removal{}) || lives.Revision != 6 {
		t.Errorf("committed anew: removed %v, revision %d, %v; want it alive", lives.Removed, lives.Revision, err)
	}
}

// What turns up in the secret of a removed grant.
func TestUnearth(t *testing.T) {
	t.Parallel()
	stamped := func(refreshToken string, revision int64) token.Grant {
		return token.Grant{RefreshToken: token.NewSecret(refreshToken), ConsentedAt: removedAt}.Stamped(revision)
	}
	tests := []struct {
		name     string
		found    token.Grant
		lives    bool
		reopened bool
	}{
		{"what was removed", stamped("removed", 4), false, false},
		{"what was removed, without its stamp", token.Grant{RefreshToken: token.NewSecret("removed")}, false, false},
		{"a late answer", stamped("late", 5), false, true},
		{"a late answer to what the removal found", stamped("late", 4), false, true},
		{"an old one that is forgotten", stamped("old", 2), false, false},
		{"a person's", token.Grant{RefreshToken: token.NewSecret("new")}, true, false},
		{"a newer one", stamped("new", 6), true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			labels, found := token.Labels{Current: "v"}, storedOf(map[string]token.Grant{"v": test.found})
			e := done(tombstone(t))
			next, lives, err := e.Unearth(labels, found, removedAt)
			if err != nil || lives != test.lives || next.Removed == test.lives {
				t.Fatalf("lives %v, removed %v, %v; want %v", lives, next.Removed, err, test.lives)
			}
			if next.Removing() != test.reopened || next.Grant.RefreshToken.Empty() != (!lives && !test.reopened) {
				t.Errorf("removing %v, want %v", next.Removing(), test.reopened)
			}
			unrevoked := tombstone(t)
			unrevoked.Removal.RevokedAt = time.Time{}
			if _, _, err := unrevoked.Unearth(labels, found, removedAt); errors.Is(err, token.ErrUnrevoked) != (test.lives || test.reopened) {
				t.Errorf("before the revocation: %v", err)
			}
		})
	}
}

func TestRemovalTried(t *testing.T) {
	t.Parallel()
	s := token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute}
	tests := []struct {
		name    string
		revoked bool
		deleted bool
		after   time.Duration
		next    time.Duration // since the tombstone; 0 when it is done
	}{
		{"all done, somebody may still be at it", true, true, time.Second, 50 * time.Second},
		{"all done, and looked at again", true, true, 50 * time.Second, 0},
		{"a step fails at once", true, false, time.Second, 31 * time.Second},
		{"a step fails for an hour", false, true, time.Hour, 2 * time.Hour},
		{"a step fails for a week", false, false, 7 * 24 * time.Hour, 8 * 24 * time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := tombstone(t)
			if !test.revoked {
				e.Removal.RevokedAt = time.Time{}
			}
			e = s.RemovalTried(e.Told(e.Untold), test.deleted, removedAt.Add(test.after))
			want := removedAt.Add(test.next)
			if test.next == 0 {
				want = time.Time{}
			}
			got := s.PublishNext(e, token.Use{}, removedAt)
			if !got.Equal(want) || e.Removal.Done() != (test.next == 0) || e.Removal.DeletedAt.IsZero() == test.deleted {
				t.Errorf("next %v, %+v; want %v", got, e.Removal, want)
			}
		})
	}
}
