package token

import "time"

// The waits between two renewals that only a rejection asks for, in sweeps, so
// that they keep their proportion when a sandbox runs faster: a minute doubling
// to 15.
const (
	firstCooldown   = 1
	longestCooldown = 15
)

// Rejection is when it was last acted on that an API refused the current access
// token, although it has not expired.
type Rejection struct {
	At    time.Time
	Times int // in a row: each token that came of it was refused too
}

// Reject notes at now that an API refused the current access token. It acts, by
// getting another one, only when the last rejection's cooldown is over: an API
// that refuses every token costs one renewal per cooldown. A token that was not
// refused for as long again as its cooldown ends the row.
func (s Schedule) Reject(r Rejection, now time.Time) (next Rejection, acts bool) {
	if r.Times == 0 {
		return Rejection{At: now, Times: 1}, true
	}
	cooldown := min(firstCooldown*s.SweepInterval<<min(r.Times-1, 16), longestCooldown*s.SweepInterval)
	switch since := now.Sub(r.At); {
	case since < cooldown:
		return r, false
	case since >= 2*cooldown:
		return Rejection{At: now, Times: 1}, true
	default:
		return Rejection{At: now, Times: r.Times + 1}, true
	}
}
