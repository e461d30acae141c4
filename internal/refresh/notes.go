package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"token-refresher/internal/token"
)

// note is a client's Health as the journal has it, for all instances.
type note struct {
	version string
	health  Health
}

// Notes is what reading a client's Health needs of the journal.
type Notes interface {
	Note(ctx context.Context, key string) (value []byte, version string, err error)
}

// ReadHealth reads what all instances know about a client of grants; one that
// nothing was noted about is healthy. Errors: the journal's.
func ReadHealth(ctx context.Context, journal Notes, client string) (Health, error) {
	n, err := readNote(ctx, journal, client)
	if err != nil {
		return Health{}, fmt.Errorf("read the client's health: %w", err)
	}
	return n.health, nil
}

// readNote reads a client's note. With an error, its version is all that may be
// known of it.
func readNote(ctx context.Context, journal Notes, client string) (note, error) {
	value, version, err := journal.Note(ctx, noteKey(client))
	n := note{version: version}
	if errors.Is(err, token.ErrNotFound) {
		return n, nil
	}
	if err == nil {
		err = json.Unmarshal(value, &n.health)
	}
	return n, err
}

// recall replaces what this instance knows about the clients that have work by
// what all instances know.
func (s *GrantSweep) recall(ctx context.Context, due []*item) map[string]note {
	notes := map[string]note{}
	for _, it := range due {
		c := it.client
		if _, done := notes[c.name]; done {
			continue
		}
		n, err := readNote(ctx, s.Journal, c.name)
		if err != nil {
			s.log.WarnContext(ctx, "client's health not read", "client", c.name, "error", err)
			n.health = *c.health
		}
		notes[c.name] = n
		*c.health = n.health
		c.health.Observe(c.credentials.Version)
	}
	return notes
}

// remember stores what changed. If another instance was faster, its word
// stands until the next sweep.
func (s *GrantSweep) remember(ctx context.Context, notes map[string]note) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		n, health := notes[name], *s.health[name]
		if health == n.health {
			continue
		}
		value, err := json.Marshal(health)
		if err == nil {
			n.version, err = s.Journal.SwapNote(ctx, noteKey(name), value, n.version)
		}
		if err == nil {
			notes[name] = note{version: n.version, health: health}
		}
		if err != nil && !errors.Is(err, token.ErrConflict) {
			s.log.WarnContext(ctx, "client's health not stored", "client", name, "error", err)
		}
	}
}

// tellStopped tells once more of the clients that are stopped, since whoever
// found out may have died with the news. When this instance comes here again
// after it has reported one, its report was answered, and all instances know.
func (s *GrantSweep) tellStopped(notes map[string]note, report *Report) {
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		health := s.health[name]
		switch {
		case !health.Stopped || health.Told:
		case s.reported[name].Equal(health.Since):
			health.Told = true
		default:
			report.Events = append(report.Events, health.event(name))
		}
	}
}

// reportStopped remembers which stopped clients this sweep's report tells of.
func (s *GrantSweep) reportStopped(notes map[string]note) {
	for name := range notes {
		if health := s.health[name]; health.Stopped && !health.Told {
			s.reported[name] = health.Since
		}
	}
}

func noteKey(client string) string { return "client/" + client }
