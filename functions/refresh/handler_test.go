package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/refresh"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// sweepFunc answers as a sweep would.
type sweepFunc func(context.Context) (refresh.Report, error)

func (f sweepFunc) Run(ctx context.Context) (refresh.Report, error) { return f(ctx) }

// invoke sends the payload through aws-lambda-go, as Lambda does, and returns
// the answer and everything that was written to standard output.
func invoke(t *testing.T, sweep sweepFunc, payload []byte) (answer, output string, err error) {
	t.Helper()
	var written bytes.Buffer
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: &written, GrantType: "client_credentials", SecretPrefix: "mobilepay"})
	if err != nil {
		t.Fatalf("NewMetrics: %v", err)
	}
	h := &handler{sweep: sweep, metrics: metrics, events: silence{}, log: telemetry.NewLogger(&written, slog.LevelWarn)}
	result, err := lambda.NewHandler(h.handle).Invoke(t.Context(), payload)
	return string(result), written.String(), err
}

// sweepEvent is what the schedule sends.
func sweepEvent(t *testing.T) []byte {
	t.Helper()
	event, err := os.ReadFile("../../events/refresh-sweep.json")
	if err != nil {
		t.Fatalf("read the event: %v", err)
	}
	return event
}

func TestHandleSweep(t *testing.T) {
	t.Parallel()
	lowest := 41.5
	tests := []struct {
		name   string
		report refresh.Report
		want   string
	}{
		{
			name: "everything",
			report: refresh.Report{
				Due: 5, Renewed: 2, NotDue: 3, Leased: 1, Remaining: 1,
				Failed:                []refresh.Failure{{Token: "pos/DK12345678", Error: "client: invalid_client"}},
				ConsentRequired:       []string{},
				LowestLifeLeftPercent: &lowest,
				FailedByClass:         map[string]int{"client": 1},
				SecretWriteFailed:     1,
			},
			want: `{"due":5,"renewed":2,"not_due":3,"leased":1,` +
				`"failed":[{"token":"pos/DK12345678","error":"client: invalid_client"}],` +
				`"consent_required":[],"remaining":1,"lowest_life_left_percent":41.5}`,
		},
		{
			name:   "nothing to do",
			report: refresh.Report{Failed: []refresh.Failure{}, ConsentRequired: []string{}},
			want: `{"due":0,"renewed":0,"not_due":0,"leased":0,"failed":[],` +
				`"consent_required":[],"remaining":0,"lowest_life_left_percent":null}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer, output, err := invoke(t, func(context.Context) (refresh.Report, error) { return test.report, nil }, sweepEvent(t))
			if err != nil {
				t.Fatalf("invoke: %v", err)
			}
			if answer != test.want {
				t.Errorf("answer:\n got %s\nwant %s", answer, test.want)
			}
			if !strings.Contains(output, `"SweepCompleted":1`) {
				t.Errorf("output: got %s, want SweepCompleted although the log level is warn", output)
			}
		})
	}
}

func TestHandleMeasuresTheReport(t *testing.T) {
	t.Parallel()
	_, output, err := invoke(t, func(context.Context) (refresh.Report, error) {
		lowest := 12.5
		return refresh.Report{
			Due: 9, Renewed: 4, Remaining: 2, SecretWriteFailed: 1,
			FailedByClass: map[string]int{"store": 3}, LowestLifeLeftPercent: &lowest,
		}, nil
	}, sweepEvent(t))
	if err != nil {
		t.Fatalf("invoke: %v", err)
	}
	for _, want := range []string{
		`"Due":9`, `"Renewed":4`, `"Remaining":2`, `"SecretWriteFailed":1`, `"LowestLifeLeftPercent":12.5`,
		`"Failed":3`, `"Class":"store"`, `"GrantType":"client_credentials"`,
	} {
		if !strings.Contains(output, want) {
			t.Errorf("output: got %s, want %s in it", output, want)
		}
	}
}

func TestHandleAFailedSweep(t *testing.T) {
	t.Parallel()
	failure := errors.New("listing credentials: access denied")
	answer, output, err := invoke(t, func(context.Context) (refresh.Report, error) { return refresh.Report{}, failure }, sweepEvent(t))
	if err == nil || !strings.Contains(err.Error(), failure.Error()) {
		t.Errorf("invoke: got answer %q and error %v, want %v", answer, err, failure)
	}
	if strings.Contains(output, "SweepCompleted") {
		t.Errorf("output: got %s, want no SweepCompleted", output)
	}
	if !strings.Contains(output, failure.Error()) {
		t.Errorf("output: got %s, want the failure in the log", output)
	}
}

func TestHandleRefusesOtherEvents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, payload, want string
	}{
		{"unknown action", `{"action":"refresh"}`, `unknown action "refresh"`},
		{"action in other letters", `{"action":"Sweep"}`, `unknown action "Sweep"`},
		{"no action", `{}`, "names no action"},
		{"field in other letters", `{"Action":"sweep"}`, `unknown field "Action"`},
		{"empty action", `{"action":""}`, "names no action"},
		{"action is null", `{"action":null}`, "names no action"},
		{"action is a number", `{"action":1}`, "field action is of another type"},
		{"unknown field", `{"action":"sweep","force":true}`, `unknown field "force"`},
		{"null", `null`, "not a JSON object"},
		{"list", `[{"action":"sweep"}]`, "not a JSON object"},
		{"string", `"sweep"`, "not a JSON object"},
		{"scheduler's default payload", `{"version":"0","detail-type":"Scheduled Event"}`, "unknown field"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, output, err := invoke(t, func(context.Context) (refresh.Report, error) {
				t.Error("a sweep was run")
				return refresh.Report{}, nil
			}, []byte(test.payload))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("invoke: got %v, want an error with %q", err, test.want)
			}
			if !strings.Contains(output, "event refused") {
				t.Errorf("output: got %q, want a line about it", output)
			}
		})
	}
}

func TestEventErrorsShowNoPayload(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.c2ln"
	for _, payload := range []string{
		`{"action":"` + secret + `"}`, `{"` + secret + `":1}`, `{"action":["` + secret + `"]}`, `"` + secret + `"`, secret,
	} {
		if err := checkEvent([]byte(payload)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("checkEvent(%s): got %v, want an error without the value", payload, err)
		}
	}
}

func FuzzCheckEvent(f *testing.F) {
	for _, seed := range []string{`{"action":"sweep"}`, `{"action":"sweep"}x`, `{"action":"swe\u0065p"}`, `{"action":1,"x":{}}`, `[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if checkEvent(payload) != nil {
			return
		}
		var event map[string]string
		if err := json.Unmarshal(payload, &event); err != nil || len(event) != 1 || event["action"] != "sweep" {
			t.Errorf("checkEvent(%q) accepts what is not a sweep", payload)
		}
	})
}

// silence takes no event and is not asked.
type silence struct{}

func (silence) Send(context.Context, []telemetry.Event) ([]telemetry.Event, error) {
	panic("nothing happened that anybody is to be told of")
}

// listener takes events, but not in its first calls.
type listener struct {
	deaf  int
	heard []telemetry.Event
}

func (l *listener) Send(_ context.Context, events []telemetry.Event) ([]telemetry.Event, error) {
	if l.deaf > 0 {
		l.deaf--
		return events, errors.New("bus is down")
	}
	l.heard = append(l.heard, events...)
	return nil, nil
}

// TestHandleTellsWhatHappened: events that are not taken are told by a later
// sweep, each once, and never fail one.
func TestHandleTellsWhatHappened(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	reports := []refresh.Report{
		{Events: []refresh.Event{{
			Type: token.EventConsentRequired, ID: token.ID{Client: "reporting", Merchant: "DK12345678"},
			Reason: token.ReasonRevoked, Since: since,
		}}},
		{},
		{Events: []refresh.Event{{Type: refresh.MassRejection, ID: token.ID{Client: "reporting"}, Reason: refresh.ReasonInvalidGrant, Since: since}}},
		{},
	}
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: io.Discard, GrantType: "authorization_code", SecretPrefix: "mobilepay"})
	if err != nil {
		t.Fatal(err)
	}
	bus := &listener{deaf: 2}
	next := 0
	h := &handler{grants: true, metrics: metrics, events: bus, log: telemetry.NewLogger(io.Discard, slog.LevelError), sweep: sweepFunc(
		func(context.Context) (refresh.Report, error) { next++; return reports[next-1], nil })}
	for range reports {
		if _, err := h.handle(t.Context(), sweepEvent(t)); err != nil {
			t.Fatalf("handle: %v", err)
		}
	}
	want := []telemetry.Event{
		{Type: "Consent Required", Client: "reporting", Merchant: "DK12345678", Reason: "revoked", Since: since},
		{Type: "Mass Rejection", Client: "reporting", Reason: "invalid_grant", Since: since},
	}
	if diff := cmp.Diff(want, bus.heard); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestHandleMeasuresGrants(t *testing.T) {
	t.Parallel()
	var output bytes.Buffer
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: &output, GrantType: "authorization_code", SecretPrefix: "mobilepay"})
	if err != nil {
		t.Fatal(err)
	}
	h := &handler{grants: true, metrics: metrics, events: silence{}, log: telemetry.NewLogger(io.Discard, slog.LevelError), sweep: sweepFunc(
		func(context.Context) (refresh.Report, error) {
			return refresh.Report{
				ConsentRequired: []string{"a/b", "a/c"}, Adopted: 3, RotationLost: 4, MassRejection: 5, ResultAtRisk: 6,
				GrantLag: 90 * time.Second,
			}, nil
		})}
	if _, err := h.handle(t.Context(), sweepEvent(t)); err != nil {
		t.Fatalf("handle: %v", err)
	}
	for _, want := range []string{
		`"ConsentRequired":2`, `"Adopted":3`, `"RotationLost":4`, `"MassRejection":5`, `"ResultAtRisk":6`, `"GrantLagSeconds":90`,
	} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("output: got %s, want %s in it", output.String(), want)
		}
	}
}
