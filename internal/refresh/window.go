package refresh

import (
	"context"
	"time"
)

const (
	// startMargin is what must be left of the invocation to start a request: a
	// provider's longest timeout and a write.
	startMargin = 20*time.Second + storeTimeout
	// writeShare is the part of that which a request leaves to the write, and to
	// the answer: a discovery, a rate limit or a second try can take longer than
	// one timeout, and a sweep that is killed reports nothing.
	writeShare = startMargin / storeTimeout
)

// InTime returns a context whose requests end in time for a write and the answer
// of an invocation, and when the last of them may begin: an invocation that is
// killed tells nobody what it did, and what it had in flight is lost. Without a
// deadline lastStart is zero.
func InTime(ctx context.Context) (limited context.Context, lastStart time.Time, cancel context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, time.Time{}, func() {}
	}
	margin := min(startMargin, time.Until(deadline)/2)
	limited, cancel = context.WithDeadline(ctx, deadline.Add(-margin/writeShare))
	return limited, deadline.Add(-margin), cancel
}
