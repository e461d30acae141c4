package operate_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// A published token that several sweeps did not renew is no calm one: its client
// may be refused, and that no store notes.
func TestStatusOfWhatNoSweepRenewed(t *testing.T) {
	t.Parallel()
	const life, late = time.Hour, 4 * time.Minute
	tests := []struct {
		name                 string
		age, written, stored time.Duration // of the token, its secret and the credentials
		publish              token.Publish
		state                operate.State
		problem              string
	}{
		{"due since this sweep", 45*time.Minute + 30*time.Second, life, 2 * life, "", operate.StateDue, ""},
		{"due for a while", 50 * time.Minute, life, 2 * life, "", operate.StateDue, "due for 5m"},
		{"due for a while, and written a moment ago", 50 * time.Minute, time.Minute, 2 * life, "", operate.StateHeld, ""},
		{"due for a while, but held until lately", 50 * time.Minute, 17 * time.Minute, 2 * life, "", operate.StateDue, ""},
		{"of older credentials, since this sweep", 30 * time.Minute, life, time.Minute, "", operate.StateDue, ""},
		{"of older credentials, for a while", 30 * time.Minute, life, late, "", operate.StateDue, "due for 4m0s and not renewed: `tokens refresh pos` says why"},
		{"expired", 2 * life, 2 * life, 3 * life, "", operate.StateExpired, "due for 1h15m"},
		{"expired, and wanted in no secret any more", 2 * life, 2 * life, 3 * life, token.PublishFunction, operate.StateExpired, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.credentials["pos"] = token.Stored[token.Credentials]{
					Value:     token.Credentials{Client: "pos", Unbound: true, Publish: test.publish},
					WrittenAt: time.Now().Add(-test.stored),
				}
				w.publishAccess(token.ID{Client: "pos"}, test.age, test.written)
				status, err := w.operator(t).Status(t.Context(), token.ID{Client: "pos"})
				if err != nil {
					t.Fatalf("Status: %v", err)
				}
				checkShown(t, shownOf(t, status), test.state, test.problem)
			})
		})
	}
}

// A grant that failed is due, however far its next try was put off.
func TestStatusOfFailingGrants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		age     time.Duration
		outcome token.Outcome
		tries   int
		state   operate.State
		problem string
	}{
		{"none", time.Minute, token.OutcomeSucceeded, 0, operate.StateFresh, ""},
		{"failed once", time.Minute, token.OutcomeFailed, 1, operate.StateDue, "failed at the last try"},
		{"failed often", time.Minute, token.OutcomeFailed, 7, operate.StateDue, "failed at the last 7 tries"},
		{"refused", time.Minute, token.OutcomeRefused, 1, operate.StateDue, "refused by the provider at the last try"},
		{"unknown", time.Minute, token.OutcomeUnknown, 2, operate.StateDue, "no usable answer from the provider at the last 2 tries"},
		{"until it expired", 2 * time.Hour, token.OutcomeUnknown, 9, operate.StateExpired, "no usable answer from the provider at the last 9 tries"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			id := w.consent("DK1", test.age, func(e *token.Entry) {
				e.DueAt = time.Now().Add(10 * time.Minute)
				e.Result = token.Result{Outcome: test.outcome, Failures: test.tries}
			})
			status, err := w.operator(t).Status(t.Context(), id)
			if err != nil {
				t.Fatalf("Status: %v", err)
			}
			checkShown(t, shownOf(t, status), test.state, test.problem)
		})
	}
}

// checkShown compares the state of a token and how its problem begins.
func checkShown(t *testing.T, got operate.Token, state operate.State, problem string) {
	t.Helper()
	if got.State != state || !strings.HasPrefix(got.Problem, problem) || (got.Problem == "") != (problem == "") {
		t.Errorf("got %s with problem %q, want %s with %q", got.State, got.Problem, state, problem)
	}
}
