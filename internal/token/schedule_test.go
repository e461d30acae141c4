package token_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"token-refresher/internal/token"
)

var (
	schedule = token.Schedule{SweepInterval: time.Minute, WriteInterval: 16 * time.Minute}
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

func published(lifetime time.Duration) token.AccessToken {
	return token.AccessToken{ID: token.ID{Client: "pos"}, IssuedAt: noon, ExpiresAt: noon.Add(lifetime)}
}

func TestShortestPublishableIs1425Seconds(t *testing.T) {
	t.Parallel()
	if got, want := schedule.ShortestPublishable(), 1425*time.Second; got != want {
		t.Errorf("ShortestPublishable() = %v, want %v", got, want)
	}
	for lifetime, want := range map[time.Duration]bool{
		300 * time.Second: false, 900 * time.Second: false, 1424 * time.Second: false,
		1425 * time.Second: true, 3700 * time.Second: true, 24 * time.Hour: true, 0: false, -time.Hour: false,
	} {
		if got := schedule.Publishable(lifetime); got != want {
			t.Errorf("Publishable(%v) = %v, want %v", lifetime, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	long := published(3700 * time.Second)
	due := schedule.DueAt(long)
	tests := []struct {
		name               string
		now                time.Time
		token              token.AccessToken
		written, requested time.Time // of the secret, of the credentials
		want               token.State
	}{
		{"just issued", noon, long, noon, noon.Add(-time.Hour), token.Fresh},
		{"a moment before its due time", due.Add(-1), long, noon, noon.Add(-time.Hour), token.Fresh},
		{"at its due time", due, long, noon, noon.Add(-time.Hour), token.Due},
		{"expired", noon.Add(2 * time.Hour), long, noon, noon.Add(-time.Hour), token.Due},
		{"due, but a person wrote the secret a moment ago", due, long, due.Add(-time.Minute), noon.Add(-time.Hour), token.Held},
		{"due, a write interval after that", due, long, due.Add(-16 * time.Minute), noon.Add(-time.Hour), token.Due},
		{"older than its credentials, written a moment ago", noon.Add(time.Minute), long, noon, noon.Add(time.Second), token.Held},
		{"older than its credentials", noon.Add(16 * time.Minute), long, noon, noon.Add(time.Second), token.Due},
		{"issued with its credentials", noon.Add(16 * time.Minute), long, noon, noon, token.Fresh},
		{"issued in the second of its credentials", noon.Add(16 * time.Minute), long, noon, noon.Add(999 * time.Millisecond), token.Fresh},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := schedule.Judge(tt.now, tt.token, tt.written, tt.requested); got != tt.want {
				t.Errorf("Judge = %v, want %v", got, tt.want)
			}
		})
	}
}

// A token that may be published is renewed with a fifth of its life left even
// if it was written just now and two sweeps are lost after its due time.
func TestLifeLeftIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := token.Schedule{
			SweepInterval: time.Duration(rapid.Int64Range(1, 600).Draw(t, "sweep")) * time.Second,
			WriteInterval: time.Duration(rapid.Int64Range(1, 3600).Draw(t, "write")) * time.Second,
		}
		lifetime := s.ShortestPublishable() + time.Duration(rapid.Int64Range(0, 1e6).Draw(t, "extra"))*time.Second
		tok := published(lifetime)
		tok.ID.Merchant = rapid.StringMatching(`DK[0-9]{8}`).Draw(t, "merchant")
		if !s.Publishable(lifetime) {
			t.Fatalf("Publishable(%v) = false", lifetime)
		}
		renewed := s.DueAt(tok)
		if allowed := tok.IssuedAt.Add(s.WriteInterval); renewed.Before(allowed) {
			renewed = allowed
		}
		renewed = renewed.Add(3*s.SweepInterval - 1) // at worst: two sweeps lost, the third at the end of its minute
		if left := tok.ExpiresAt.Sub(renewed); left < lifetime/5 {
			t.Errorf("renewed with %v of %v left", left, lifetime)
		}
		early := tok.ExpiresAt.Add(-lifetime/5 - 3*s.SweepInterval - s.SweepInterval/2)
		if due := s.DueAt(tok); due.Before(early) {
			t.Errorf("due at %v, half a sweep's jitter allows %v", due, early)
		}
	})
}

func TestJitterSpreadsIDs(t *testing.T) {
	t.Parallel()
	const ids, parts = 6000, 6
	counts := [parts]int{}
	for i := range ids {
		tok := published(time.Hour)
		tok.ID.Merchant = fmt.Sprintf("DK%08d", i)
		latest := tok.ExpiresAt.Add(-tok.Lifetime()/5 - 3*time.Minute)
		early := latest.Sub(schedule.DueAt(tok))
		if early < 0 || early >= 30*time.Second {
			t.Fatalf("jitter of %v, want 0 to 30 s", early)
		}
		counts[int(early/(5*time.Second))]++
	}
	for part, count := range counts {
		if count < ids/parts/2 || count > ids/parts*2 {
			t.Errorf("%d of %d ids fall into part %d of %d of the jitter", count, ids, part, parts)
		}
	}
}

func TestLifeLeftPercent(t *testing.T) {
	t.Parallel()
	tok := published(100 * time.Minute)
	for after, want := range map[time.Duration]float64{0: 100, 25 * time.Minute: 75, 100 * time.Minute: 0, 200 * time.Minute: 0, -time.Hour: 100} {
		if got := tok.LifeLeftPercent(noon.Add(after)); got != want {
			t.Errorf("after %v: %v %% left, want %v", after, got, want)
		}
	}
	if got := (token.AccessToken{}).LifeLeftPercent(noon); got != 0 {
		t.Errorf("a token without a lifetime has %v %% left, want 0", got)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		publish  token.Publish
		lifetime time.Duration
		refused  bool
	}{
		{"short", token.PublishSecret, 1424 * time.Second, true},
		{"long enough", token.PublishSecret, 1425 * time.Second, false},
		{"not known", token.PublishSecret, 0, false},
		{"short, as it comes", "", 300 * time.Second, false},
		{"short, by function", token.PublishFunction, 300 * time.Second, false},
	} {
		err := schedule.Refuse(token.Use{Publish: test.publish}, test.lifetime)
		if (err != nil) != test.refused {
			t.Errorf("%s: got %v, want it refused: %v", test.name, err, test.refused)
		}
		if err != nil && !strings.Contains(err.Error(), "23m45s or longer; leave publish out") {
			t.Errorf("%s: got %v, want what would do", test.name, err)
		}
	}
}
