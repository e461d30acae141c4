package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/statuspage"
)

func TestSchedulerTellsWhatASweepDid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		result lambda.Result
		err    error
		want   statuspage.Sweep
	}{
		{
			name:   "report",
			result: lambda.Result{Payload: []byte(`{"due":3,"renewed":2,"not_due":1,"leased":0,"failed":[{"token":"pos","error":"no answer"}],"remaining":0}`)},
			want:   statuspage.Sweep{Renewed: 2, NotDue: 1, Failures: []statuspage.Failure{{Token: "pos", Error: "no answer"}}},
		},
		{name: "no report", result: lambda.Result{Payload: []byte(`"hello"`)}, want: statuspage.Sweep{Problem: "the function's answer is not a report"}},
		{
			name:   "failed with a message",
			result: lambda.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"Task timed out after 120.00 seconds"}`)},
			want:   statuspage.Sweep{Problem: "Task timed out after 120.00 seconds"},
		},
		{
			name: "failed with a request's id",
			result: lambda.Result{FunctionError: "Unhandled", RequestID: "1-2-3",
				Payload: []byte(`{"errorMessage":"RequestId: 1-2-3 Error: Runtime exited with error: exit status 1"}`)},
			want: statuspage.Sweep{Problem: "Runtime exited with error: exit status 1"},
		},
		{name: "failed without one", result: lambda.Result{FunctionError: "Unhandled"}, want: statuspage.Sweep{Problem: "the function failed: Unhandled"}},
		{name: "not reached", err: errors.New("every instance is busy"), want: statuspage.Sweep{Problem: "every instance is busy"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.want.Function = "refresh-grants"
			s := scheduler{function: "refresh-grants", invoke: func(_ context.Context, function string, event []byte) (lambda.Result, error) {
				if function != "refresh-grants" || string(event) != `{"action":"sweep"}` {
					t.Errorf("invoked %s with %s, want refresh-grants with the sweep's event", function, event)
				}
				return test.result, test.err
			}}
			got := s.sweep(t.Context())
			if got.At.IsZero() {
				t.Error("the sweep has no time")
			}
			got.At, got.Took = time.Time{}, 0
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sweep (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSchedulerKeepsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var starts []time.Duration
		under := 0
		ctx, cancel := context.WithCancel(t.Context())
		s := scheduler{
			every: 2 * time.Second,
			invoke: func(ctx context.Context, _ string, _ []byte) (lambda.Result, error) {
				if under++; under > 1 {
					t.Error("two sweeps at once")
				}
				defer func() { under-- }()
				starts = append(starts, time.Since(began))
				if len(starts) == 2 { // one hangs for a while
					time.Sleep(5 * time.Second)
				}
				return lambda.Result{Payload: []byte(`{}`)}, ctx.Err()
			},
			done: func(statuspage.Sweep) {
				if len(starts) == 4 {
					cancel()
				}
			},
		}
		s.run(ctx)
		want := []time.Duration{0, 2 * time.Second, 7 * time.Second, 8 * time.Second}
		if diff := cmp.Diff(want, starts); diff != "" {
			t.Errorf("starts (-want +got):\n%s", diff)
		}
	})
}

func TestHistoryForgets(t *testing.T) {
	t.Parallel()
	var h history
	for i := range historyLength + 5 {
		h.add(statuspage.Sweep{Renewed: i})
	}
	got := h.list()
	if len(got) != historyLength || got[0].Renewed != 5 || got[historyLength-1].Renewed != historyLength+4 {
		t.Errorf("history: got %d sweeps from %d to %d, want the last %d",
			len(got), got[0].Renewed, got[len(got)-1].Renewed, historyLength)
	}
}
