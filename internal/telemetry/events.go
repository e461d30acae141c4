package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// EventSource is the source of every event.
const EventSource = "token-refresher"

const (
	// eventsPerCall is the most that PutEvents takes.
	eventsPerCall = 10
	// eventsTimeout is what one call of it may take, retries included.
	eventsTimeout = 5 * time.Second
)

// EventsAPI is the call of EventBridge that Events makes; *eventbridge.Client
// has it. A role needs events:PutEvents on the default bus.
type EventsAPI interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// NewEventsClient makes the client that NewEvents takes, from the settings that
// all AWS clients of an instance share. It makes no call.
func NewEventsClient(config aws.Config) *eventbridge.Client { return eventbridge.NewFromConfig(config) }

// Event is something that others want to act on. It holds no secret.
type Event struct {
	Type     string    `json:"-"` // detail-type, such as "Consent Required"
	Client   string    `json:"client"`
	Merchant string    `json:"merchant,omitempty"` // empty if it concerns the whole client
	Reason   string    `json:"reason"`
	Since    time.Time `json:"since"`
}

// Events sends events to the account's default bus.
type Events struct{ client EventsAPI }

// NewEvents returns Events. It makes no call.
func NewEvents(client EventsAPI) (*Events, error) {
	if client == nil {
		return nil, errors.New("events need a client")
	}
	return &Events{client: client}, nil
}

// Send sends the events, in their order as far as one call reaches, and returns
// those that were not taken. An event may arrive twice: a call whose answer was
// lost is made again.
func (e *Events) Send(ctx context.Context, events []Event) (unsent []Event, err error) {
	for batch := range slices.Chunk(events, eventsPerCall) {
		refused, batchErr := e.put(ctx, batch)
		unsent, err = append(unsent, refused...), errors.Join(err, batchErr)
	}
	return unsent, err
}

func (e *Events) put(ctx context.Context, batch []Event) (unsent []Event, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), eventsTimeout)
	defer cancel()
	input := &eventbridge.PutEventsInput{}
	for _, event := range batch {
		event.Since = event.Since.UTC().Truncate(time.Second)
		detail, err := json.Marshal(event)
		if err != nil {
			return batch, fmt.Errorf("encode an event: %w", err)
		}
		input.Entries = append(input.Entries, types.PutEventsRequestEntry{
			Source: aws.String(EventSource), DetailType: aws.String(event.Type), Detail: aws.String(string(detail)),
		})
	}
	output, err := e.client.PutEvents(ctx, input)
	if err != nil {
		return batch, fmt.Errorf("send events: %w", err)
	}
	for i, entry := range output.Entries {
		if code := aws.ToString(entry.ErrorCode); code != "" && i < len(batch) {
			unsent = append(unsent, batch[i])
			err = errors.Join(err, fmt.Errorf("send an event: %s", code))
		}
	}
	return unsent, err
}
