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

// failed moves the next try: by a wait that doubles with every failure, but
// never by more than half the life that the published token has left, so that
// a short outage near its expiry does not become an expired token.
func (b *backoff) failed(now time.Time, sweep, lifeLeft time.Duration) {
	first := time.Duration(firstBackoff * float64(sweep))
	wait := min(first<<min(b.failures, 16), longestBackoff*sweep)
	if lifeLeft > 0 {
		wait = min(wait, max(lifeLeft/2, first))
	}
	b.failures++
	b.until = now.Add(wait)
}
