package refresh

import "time"

// The waits after failures, in sweep intervals, so that they keep their
// proportion when a sandbox runs faster: half a minute doubling to 15 minutes.
const (
	firstBackoff   = 0.5
	longestBackoff = 15
)

// backoff is how a token's failures move its next try.
type backoff struct {
	failures int
	until    time.Time
}

// failed moves the next try.
func (b *backoff) failed(now time.Time, sweep, lifeLeft time.Duration) {
	b.until = now.Add(backoffFor(b.failures, sweep, lifeLeft))
	b.failures++
}

// backoffFor is the wait after one more failure: it doubles with every one, but
// is never more than half the life that the published token has left, so that a
// short outage near its expiry does not become an expired token.
func backoffFor(failures int, sweep, lifeLeft time.Duration) time.Duration {
	first := time.Duration(firstBackoff * float64(sweep))
	wait := min(first<<min(failures, 16), longestBackoff*sweep)
	if lifeLeft > 0 {
		wait = min(wait, max(lifeLeft/2, first))
	}
	return wait
}
