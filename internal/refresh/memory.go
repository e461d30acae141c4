package refresh

import (
	"context"
	"log/slog"
	"time"

	"token-refresher/internal/token"
)

// Tracer runs one phase of a sweep under its name.
type Tracer func(ctx context.Context, phase string, run func(context.Context) error) error

func untraced(ctx context.Context, _ string, run func(context.Context) error) error { return run(ctx) }

// memory is what an instance remembers from sweep to sweep about whose fault
// failures were. Its times are without the monotonic clock (Round(0)), as all
// that are kept here: Lambda freezes an instance between two sweeps, and that
// clock with it.
type memory struct {
	log       *slog.Logger
	health    map[string]*Health     // by client
	breakers  map[string]*breaker    // by provider
	backoffs  map[token.ID]*backoff  // of tokens that failed and have no journal to say so
	attempted map[token.ID]time.Time // last try of tokens that failed
	proven    map[token.ID]time.Time // last success of grants whose last try succeeded
}

func newMemory(log *slog.Logger) *memory {
	return &memory{
		log:       log,
		health:    map[string]*Health{},
		breakers:  map[string]*breaker{},
		backoffs:  map[token.ID]*backoff{},
		attempted: map[token.ID]time.Time{},
		proven:    map[token.ID]time.Time{},
	}
}

// healthOf returns the client's Health, told which version of its credentials
// is in use; renewed says that this is a new one.
func (m *memory) healthOf(client, version string) (health *Health, renewed bool) {
	health = m.health[client]
	if health == nil {
		health = &Health{}
		m.health[client] = health
	}
	renewed = health.Version != version
	health.Observe(version)
	return health, renewed
}

// forgive forgets the failures of tokens whose cause is gone.
func (m *memory) forgive(ids []token.ID) {
	for _, id := range ids {
		delete(m.backoffs, id)
	}
}

// breakerOpen reports whether the client's provider is known to be down.
func (m *memory) breakerOpen(c *client) bool {
	b := m.breakers[c.provider]
	return b != nil && b.open
}

// round is the renewal phase of one sweep. Only the goroutine that dispatches
// touches it.
type round struct {
	*memory
	ctx       context.Context
	report    *Report
	lastStart time.Time         // nothing is started after it; zero if there is no deadline
	perClient int               // requests in flight of one client
	users     map[string]int    // clients in use, by provider
	probes    map[string]*probe // by provider whose breaker was open at the start
}

// probe is the one item that is tried in a sweep to see whether a stopped
// client or an open breaker is well again.
type probe struct {
	item  *item
	ended bool
}

// gate lets the probe pass, and everyone else know what to do.
func (p *probe) gate(it *item) verdict {
	switch {
	case p == nil || p.ended:
		return skip
	case p.item == it:
		return start
	default:
		return wait
	}
}

// newRound prepares the renewal of what is due among these clients. Requests end
// in time for a write and the answer.
func (m *memory) newRound(ctx context.Context, concurrency int, due []*item, clients map[string]*client, report *Report) (*round, context.CancelFunc) {
	r := &round{memory: m, report: report, users: map[string]int{}, probes: map[string]*probe{}}
	var cancel context.CancelFunc
	r.ctx, r.lastStart, cancel = InTime(ctx)
	for _, c := range clients {
		if !c.health.Stopped {
			r.users[c.provider]++
		}
	}
	waiting := map[string]bool{}
	for _, it := range due {
		waiting[it.id.Client] = true
		r.nominate(it)
	}
	r.perClient = max(1, concurrency/clientShare, concurrency/max(1, len(waiting)))
	return r, cancel
}

// nominate makes the item the probe of its stopped client, or of its provider
// whose breaker is open, if it tells more than the others.
func (r *round) nominate(it *item) {
	c := it.client
	switch {
	case time.Now().Before(c.health.PausedUntil):
	case c.health.Stopped:
		c.probe = r.rather(c.probe, it)
	case r.breakerOpen(c):
		r.probes[c.provider] = r.rather(r.probes[c.provider], it)
	}
}

func (r *round) rather(p *probe, it *item) *probe {
	if p == nil || r.tellsMore(it.id, p.item.id) {
		return &probe{item: it}
	}
	return p
}

// tellsMore prefers a grant that worked the last time: one that never did may be
// refused for itself, and thousands of those, of a bad import, come before a good
// one. Else it is the turn of whose last try is longer ago.
func (m *memory) tellsMore(id, than token.ID) bool {
	if worked := !m.proven[id].IsZero(); worked == m.proven[than].IsZero() {
		return worked
	}
	return m.attempted[id].Before(m.attempted[than])
}

// mostlyWell reports whether more than half of the client's grants that were
// tried since succeeded, the last time that they were.
func (m *memory) mostlyWell(client string, since time.Time) bool {
	tried, well := 0, 0
	for id, at := range m.attempted {
		if id.Client != client || at.Before(since) {
			continue
		}
		tried++
		if !m.proven[id].Before(since) {
			well++
		}
	}
	return 2*well > tried
}

// gate says whether an item may be asked for now.
func (r *round) gate(it *item) verdict {
	now, c := time.Now(), it.client
	if r.ctx.Err() != nil || (!r.lastStart.IsZero() && now.After(r.lastStart)) || now.Before(c.health.PausedUntil) {
		return skip
	}
	switch b := r.backoffs[it.id]; {
	case c.health.Stopped:
		return r.start(it, c.probe.gate(it))
	case r.breakerOpen(c):
		return r.start(it, r.probes[c.provider].gate(it))
	case b != nil && now.Before(b.until), c.failures >= pausingFailures:
		return skip
	case c.running >= r.perClient:
		return wait
	default:
		return r.start(it, start)
	}
}

// start prepares the item, if the verdict is to start it.
func (r *round) start(it *item, v verdict) verdict {
	if v == start {
		it.probing = it.client.health.Stopped || r.breakerOpen(it.client)
		it.endpoint, it.version = it.client.endpoint, it.client.credentials.Version
		it.client.running++
		r.attempted[it.id] = time.Now().Round(0)
	}
	return v
}
