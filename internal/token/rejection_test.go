package token_test

import (
	"slices"
	"testing"
	"time"

	"token-refresher/internal/token"
)

// An API that refuses every token, asked ten times a second for an hour, costs
// a renewal at once, then after one minute, two, four, eight, and every 15.
func TestRejectActsOncePerCooldown(t *testing.T) {
	t.Parallel()
	var r token.Rejection
	var acted []time.Duration
	for at := time.Duration(0); at < time.Hour; at += 100 * time.Millisecond {
		next, acts := schedule.Reject(r, noon.Add(at))
		if acts {
			acted = append(acted, at)
		} else if next != r {
			t.Fatalf("after %v it does not act, but notes %+v", at, next)
		}
		r = next
	}
	want := []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute, 15 * time.Minute, 30 * time.Minute, 45 * time.Minute}
	if !slices.Equal(acted, want) {
		t.Errorf("it acted after %v, want %v", acted, want)
	}
}

func TestRejectBeginsAnew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after time.Duration
		times int
		acts  bool
	}{
		{"within the cooldown", 239 * time.Second, 3, false},
		{"when it is over", 240 * time.Second, 4, true},
		{"a token was refused late", 479 * time.Second, 4, true},
		{"a token was not refused for long", 480 * time.Second, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			next, acts := schedule.Reject(token.Rejection{At: noon, Times: 3}, noon.Add(tt.after))
			if acts != tt.acts || next.Times != tt.times {
				t.Errorf("Reject: got %+v, %v; want %d times, %v", next, acts, tt.times, tt.acts)
			}
		})
	}
}
