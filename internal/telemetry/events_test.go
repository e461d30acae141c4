package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	sandbox "token-refresher/internal/sandbox/eventbridge"
	"token-refresher/internal/telemetry"
)

// TestEventsArriveAsTheContractSays sends through the real SDK.
func TestEventsArriveAsTheContractSays(t *testing.T) {
	t.Parallel()
	sink := sandbox.New(sandbox.Config{})
	server := httptest.NewServer(sink)
	t.Cleanup(server.Close)
	events, err := telemetry.NewEvents(telemetry.NewEventsClient(aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}))
	if err != nil {
		t.Fatalf("NewEvents: %v", err)
	}
	since := time.Date(2026, 11, 21, 12, 0, 0, 5e8, time.FixedZone("CET", 3600))
	unsent, err := events.Send(t.Context(), []telemetry.Event{
		{Type: "Consent Required", Client: "reporting", Merchant: "DK12345678", Reason: "revoked", Since: since},
		{Type: "Mass Rejection", Client: "reporting", Reason: "invalid_grant", Since: since},
	})
	if err != nil || len(unsent) > 0 {
		t.Fatalf("Send: %d unsent, %v", len(unsent), err)
	}
	got := sink.Events()
	want := []struct{ kind, detail string }{
		{"Consent Required", `{"client":"reporting","merchant":"DK12345678","reason":"revoked","since":"2026-11-21T11:00:00Z"}`},
		{"Mass Rejection", `{"client":"reporting","reason":"invalid_grant","since":"2026-11-21T11:00:00Z"}`},
	}
	if len(got) != len(want) {
		t.Fatalf("events: got %d, want %d", len(got), len(want))
	}
	for i, event := range got {
		if event.Source != "token-refresher" || event.DetailType != want[i].kind || string(event.Detail) != want[i].detail || event.Bus != "default" {
			t.Errorf("event %d: got %s on %s: %s %s, want %v", i, event.Source, event.Bus, event.DetailType, event.Detail, want[i])
		}
	}
}

// bus takes at most ten events a call, and not those of the clients that it
// does not like.
type bus struct {
	calls, refuseCall int // the number of the call that fails
	dislikes          string
	taken             []string
}

var errBus = errors.New("bus is down")

func (b *bus) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	b.calls++
	if b.calls == b.refuseCall {
		return nil, errBus
	}
	if len(in.Entries) > 10 {
		return nil, errors.New("more than 10")
	}
	out := &eventbridge.PutEventsOutput{}
	for _, entry := range in.Entries {
		result := types.PutEventsResultEntry{EventId: aws.String("1")}
		if b.dislikes != "" && strings.Contains(*entry.Detail, `"`+b.dislikes+`"`) {
			result = types.PutEventsResultEntry{ErrorCode: aws.String("InternalFailure")}
		} else {
			b.taken = append(b.taken, *entry.Detail)
		}
		out.Entries = append(out.Entries, result)
	}
	return out, nil
}

func TestSendReturnsWhatWasNotTaken(t *testing.T) {
	t.Parallel()
	var many []telemetry.Event
	for i := range 25 {
		many = append(many, telemetry.Event{Type: "Rotation Lost", Client: fmt.Sprint("c", i)})
	}
	tests := []struct {
		name   string
		bus    bus
		unsent int
		first  string // client of the first one that was not taken
	}{
		{name: "all taken", bus: bus{}},
		{name: "a call fails", bus: bus{refuseCall: 2}, unsent: 10, first: "c10"},
		{name: "one is refused", bus: bus{dislikes: "c17"}, unsent: 1, first: "c17"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			events, err := telemetry.NewEvents(&test.bus)
			if err != nil {
				t.Fatal(err)
			}
			unsent, err := events.Send(t.Context(), many)
			if len(unsent) != test.unsent || (err != nil) != (test.unsent > 0) || len(test.bus.taken)+len(unsent) != len(many) {
				t.Fatalf("Send: %d unsent and %d taken of %d (%v), want %d unsent", len(unsent), len(test.bus.taken), len(many), err, test.unsent)
			}
			if test.unsent > 0 && unsent[0].Client != test.first {
				t.Errorf("first unsent: got %s, want %s", unsent[0].Client, test.first)
			}
		})
	}
}

// TestSendOutlivesItsInvocation: what a sweep found out is told even if the
// invocation is being ended.
func TestSendOutlivesItsInvocation(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	seen := make(chan error, 1)
	events, err := telemetry.NewEvents(busFunc(func(ctx context.Context) { seen <- ctx.Err() }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.Send(ctx, []telemetry.Event{{Type: "Rotation Lost", Client: "c"}}); err != nil {
		t.Errorf("Send: %v", err)
	}
	if err := <-seen; err != nil {
		t.Errorf("the call's context: got %v, want it alive", err)
	}
}

type busFunc func(context.Context)

func (f busFunc) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	f(ctx)
	return &eventbridge.PutEventsOutput{Entries: make([]types.PutEventsResultEntry, len(in.Entries))}, nil
}
