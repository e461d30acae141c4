// Package eventbridge emulates the receiving end of Amazon EventBridge in this
// process: an http.Handler that takes PutEvents in the service's JSON 1.1
// protocol, so that the AWS SDK and the aws command line work against it
// unchanged.
//
// It owns the checks that AWS makes of events, and keeps the last ones in
// memory. Rules, targets, archives and other operations are not emulated, and it
// takes events on every bus. It does not verify signatures and evaluates no
// policy. Listening, and sharing the port with other services, is left to the
// caller; see [Claims].
package eventbridge

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// defaultKeep is how many events are kept if Config does not say.
const defaultKeep = 100

// defaultBus is the bus of an event that names none.
const defaultBus = "default"

// Event is one that was taken.
type Event struct {
	ID         string
	Bus        string
	Source     string
	DetailType string
	Detail     json.RawMessage // an object
	Resources  []string
	Time       time.Time
}

// Config of a sink. The zero value of every field works.
type Config struct {
	// Keep is how many events are kept, the newest. Default: 100.
	Keep int

	// Now is the clock. Default: time.Now.
	Now func() time.Time

	// Observe, if set, is given every event that was taken. It is called
	// concurrently, before the sender has its answer.
	Observe func(Event)
}

// Sink takes events. It is safe for concurrent use.
type Sink struct {
	config Config

	mu     sync.Mutex
	events []Event
}

// New makes a sink.
func New(config Config) *Sink {
	if config.Keep <= 0 {
		config.Keep = defaultKeep
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Sink{config: config}
}

// Events returns the events that are kept, the oldest first.
func (s *Sink) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// take keeps an event and returns its id.
func (s *Sink) take(e entry) string {
	event := Event{
		ID: rand.Text(), Bus: e.EventBusName, Source: e.Source, DetailType: e.DetailType,
		Detail: json.RawMessage(e.Detail), Resources: e.Resources, Time: e.Time.Time,
	}
	if event.Bus == "" {
		event.Bus = defaultBus
	}
	if event.Time.IsZero() {
		event.Time = s.config.Now()
	}
	s.keep(event)
	if s.config.Observe != nil {
		s.config.Observe(event)
	}
	return event.ID
}

func (s *Sink) keep(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	s.events = slices.Delete(s.events, 0, max(len(s.events)-s.config.Keep, 0))
}
