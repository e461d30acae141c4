package eventbridge_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	eb "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"token-refresher/internal/sandbox/eventbridge"
	"token-refresher/internal/sandbox/sandboxtest"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// start runs a sink with the SDK's own client in front of it.
func start(t *testing.T, c eventbridge.Config) (*eb.Client, *eventbridge.Sink) {
	t.Helper()
	c.Now = func() time.Time { return now }
	sink := eventbridge.New(c)
	listener := httptest.NewServer(sink)
	t.Cleanup(listener.Close)
	return eb.NewFromConfig(sandboxtest.Config(listener.URL)), sink
}

func entry(source, detailType, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{Source: &source, DetailType: &detailType, Detail: &detail}
}

func put(t *testing.T, c *eb.Client, entries ...types.PutEventsRequestEntry) (*eb.PutEventsOutput, error) {
	t.Helper()
	return c.PutEvents(t.Context(), &eb.PutEventsInput{Entries: entries})
}

func TestPutEvents(t *testing.T) {
	t.Parallel()
	var observed []eventbridge.Event
	c, sink := start(t, eventbridge.Config{Observe: func(e eventbridge.Event) { observed = append(observed, e) }})
	full := entry("token-refresher", "token renewed", `{"token":"pos"}`)
	full.EventBusName, full.Resources, full.Time = aws.String("own"), []string{"r"}, aws.Time(now.Add(-1500*time.Millisecond))
	out, err := put(t, c, entry("token-refresher", "consent required", `{}`), full)
	if err != nil || out.FailedEntryCount != 0 || len(out.Entries) != 2 {
		t.Fatalf("PutEvents = %+v, %v, want two events taken", out, err)
	}
	want := []eventbridge.Event{
		{ID: *out.Entries[0].EventId, Bus: "default", Source: "token-refresher", DetailType: "consent required", Detail: []byte(`{}`), Time: now},
		{ID: *out.Entries[1].EventId, Bus: "own", Source: "token-refresher", DetailType: "token renewed", Detail: []byte(`{"token":"pos"}`), Resources: []string{"r"}, Time: now.Add(-1500 * time.Millisecond)},
	}
	if diff := cmp.Diff(want, sink.Events(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, observed, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	if want[0].ID == want[1].ID || want[0].ID == "" {
		t.Errorf("ids %q and %q, want two", want[0].ID, want[1].ID)
	}
}

// TestEntryRefused: one entry that is no event does not keep the others out.
func TestEntryRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		entry types.PutEventsRequestEntry
		want  string
	}{
		{"no source", entry("", "type", "{}"), "InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument."},
		{"no detail type", entry("s", "", "{}"), "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument."},
		{"no detail", entry("s", "type", ""), "InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument."},
		{"detail is no JSON", entry("s", "type", "{"), "MalformedDetail: Detail is malformed."},
		{"detail is no object", entry("s", "type", "[1]"), "MalformedDetail: Detail is malformed."},
		{"detail is null", entry("s", "type", "null"), "MalformedDetail: Detail is malformed."},
		{"source of AWS", entry("aws.ec2", "type", "{}"), "NotAuthorizedForSourceException: Not authorized for the source."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, sink := start(t, eventbridge.Config{})
			out, err := put(t, c, tt.entry, entry("s", "good", "{}"))
			if err != nil {
				t.Fatalf("PutEvents: %v", err)
			}
			bad := out.Entries[0]
			if got := aws.ToString(bad.ErrorCode) + ": " + aws.ToString(bad.ErrorMessage); got != tt.want || bad.EventId != nil || out.FailedEntryCount != 1 {
				t.Errorf("entry %q with id %v, failed %d, want %q and 1", got, bad.EventId, out.FailedEntryCount, tt.want)
			}
			if events := sink.Events(); len(events) != 1 || events[0].DetailType != "good" {
				t.Errorf("events %v, want the good one", events)
			}
		})
	}
}

func TestCallRefused(t *testing.T) {
	t.Parallel()
	sized := func(n int) string {
		return `{"x":"` + strings.Repeat("x", n-len("s")-len("type")-len(`{"x":""}`)) + `"}`
	}
	tests := []struct {
		name    string
		entries []types.PutEventsRequestEntry
		want    string // empty: taken
	}{
		{"none", []types.PutEventsRequestEntry{}, "greater than or equal to 1"},
		{"ten", make([]types.PutEventsRequestEntry, 10), ""},
		{"eleven", make([]types.PutEventsRequestEntry, 11), "less than or equal to 10"},
		{"as large as may be", []types.PutEventsRequestEntry{entry("s", "type", sized(256<<10))}, ""},
		{"too large", []types.PutEventsRequestEntry{entry("s", "type", sized(256<<10+1))}, "over the limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, sink := start(t, eventbridge.Config{})
			_, err := put(t, c, tt.entries...)
			api, refused := errors.AsType[smithy.APIError](err)
			if refused != (tt.want != "") || (err != nil && !refused) {
				t.Fatalf("error = %v, want %q", err, tt.want)
			}
			if refused && (api.ErrorCode() != "ValidationException" || !strings.Contains(api.ErrorMessage(), tt.want) || len(sink.Events()) > 0) {
				t.Errorf("error = %v, want ValidationException: %q", err, tt.want)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		keep, first int
	}{{"by default", 0, 50}, {"fewer", 3, 147}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, sink := start(t, eventbridge.Config{Keep: tt.keep})
			for n := range 150 {
				if _, err := put(t, c, entry("s", fmt.Sprint(n), "{}")); err != nil {
					t.Fatalf("PutEvents: %v", err)
				}
			}
			events := sink.Events()
			if len(events) != 150-tt.first || events[0].DetailType != fmt.Sprint(tt.first) || events[len(events)-1].DetailType != "149" {
				t.Errorf("kept %d events, want those from %d on", len(events), tt.first)
			}
		})
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	sink := eventbridge.New(eventbridge.Config{})
	tests := []struct {
		name, method, target, body, want string
	}{
		{"another operation", "POST", "AWSEvents.PutRule", `{}`, "UnknownOperationException"},
		{"another service", "POST", "DynamoDB_20120810.GetItem", `{}`, "UnknownOperationException"},
		{"not a POST", "GET", "AWSEvents.PutEvents", `{}`, "UnknownOperationException"},
		{"not JSON", "POST", "AWSEvents.PutEvents", `{`, "SerializationException"},
		{"wrong type", "POST", "AWSEvents.PutEvents", `{"Entries":1}`, "SerializationException"},
		{"body too large", "POST", "AWSEvents.PutEvents", strings.Repeat(" ", 2<<20+1), `SerializationException","message":"the request body could not be read"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := sandboxtest.Request(tt.method, tt.target, tt.body)
			if got, want := eventbridge.Claims(r), strings.HasPrefix(tt.target, "AWSEvents."); got != want {
				t.Errorf("Claims = %t, want %t", got, want)
			}
			w := httptest.NewRecorder()
			sink.ServeHTTP(w, r)
			if w.Code != 400 || !strings.Contains(w.Body.String(), tt.want) || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" {
				t.Errorf("status %d, %s, want 400 and %s", w.Code, w.Body, tt.want)
			}
		})
	}
}

// FuzzPutEvents: nothing that is sent makes the sink fail inside.
func FuzzPutEvents(f *testing.F) {
	f.Add(`{"Entries":[{"Source":"s","DetailType":"t","Detail":"{}","Time":1772366400.5,"Resources":["r"]}]}`)
	f.Add(`{"Entries":[{"Time":1e300},null]}`)
	sink := eventbridge.New(eventbridge.Config{})
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		sink.ServeHTTP(w, sandboxtest.Request("POST", "AWSEvents.PutEvents", body))
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("status %d, want 200 or 400", w.Code)
		}
	})
}
