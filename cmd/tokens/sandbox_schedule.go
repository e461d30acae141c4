package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/statuspage"
)

const (
	// historyLength is how many sweeps the status page shows.
	historyLength = 120
	// lastSweepTimeout is how long a sweep that is under way at the end may take.
	lastSweepTimeout = 5 * time.Second
)

// history is what the last sweeps did.
type history struct {
	mu     sync.Mutex
	sweeps []statuspage.Sweep // oldest first
}

func (h *history) add(sweep statuspage.Sweep) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sweeps = append(h.sweeps, sweep)
	if extra := len(h.sweeps) - historyLength; extra > 0 {
		h.sweeps = slices.Delete(h.sweeps, 0, extra)
	}
}

func (h *history) list() []statuspage.Sweep {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.sweeps)
}

// scheduler stands for EventBridge Scheduler: it invokes a refresh function at
// every interval. One sweep ends before the next begins, so that a sweep
// that hangs is seen as a late one.
type scheduler struct {
	invoke   func(ctx context.Context, function string, event []byte) (lambda.Result, error)
	function string
	every    time.Duration
	done     func(statuspage.Sweep) // called after each sweep
}

// run sweeps at once and then at every interval, until ctx ends.
func (s scheduler) run(ctx context.Context) {
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		sweep := s.sweep(ctx)
		if ctx.Err() != nil {
			return
		}
		s.done(sweep)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep goes on when ctx ends, for a while: an instance that is killed between the
// provider's answer and the journal loses a grant.
func (s scheduler) sweep(ctx context.Context) statuspage.Sweep {
	ctx, cancel := outlive(ctx, lastSweepTimeout)
	defer cancel()
	sweep := statuspage.Sweep{Function: s.function, At: time.Now().UTC()}
	result, err := s.invoke(ctx, s.function, []byte(`{"action":"sweep"}`))
	sweep.Took = time.Since(sweep.At)
	switch {
	case err != nil:
		sweep.Problem = err.Error()
	case result.FunctionError != "":
		sweep.Problem = failure(result)
	default:
		sweep.Problem = report(result.Payload, &sweep)
	}
	return sweep
}

// outlive is a context that ends some time after ctx.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		ending, end := context.WithTimeout(longer, by)
		defer end()
		<-ending.Done()
		cancel()
	})
	return longer, func() { stop(); cancel() }
}

// report reads the function's answer into sweep, and says what is wrong with
// an answer that is none.
func report(answer []byte, sweep *statuspage.Sweep) (problem string) {
	var r refresh.Report
	if err := json.Unmarshal(answer, &r); err != nil {
		return "the function's answer is not a report"
	}
	sweep.Renewed, sweep.NotDue = r.Renewed, r.NotDue
	for _, f := range r.Failed {
		sweep.Failures = append(sweep.Failures, statuspage.Failure{Token: f.Token, Error: f.Error})
	}
	return ""
}

// failure is the message of a function that failed (Lambda developer guide,
// "Error handling"), without the id of the request, which no other has.
func failure(result lambda.Result) string {
	var told struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(result.Payload, &told) != nil || told.Message == "" {
		return "the function failed: " + result.FunctionError
	}
	message := strings.TrimPrefix(told.Message, "RequestId: "+result.RequestID)
	return strings.TrimPrefix(message, " Error: ")
}
