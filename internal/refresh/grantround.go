package refresh

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

// A provider that refuses many good grants of a client at once means the
// client, or fails itself: five or more, and a fifth of those that were due.
const (
	massRejections = 5
	massShare      = 5
)

// severalTokens: a client is not stopped for what one of its grants was told.
const severalTokens = 2

// grantRound renews the grants of one sweep.
type grantRound struct {
	*round
	sweep    *GrantSweep
	notes    map[string]note
	rejected map[string][]token.ID // good until now, by client
	renewed  []token.ID
}

// renewAll renews what is due, with bounded concurrency, and returns what has
// to be published. An item that fails cancels nothing.
func (s *GrantSweep) renewAll(ctx context.Context, due []*item, clients map[string]*client, report *Report) []token.ID {
	notes := s.recall(ctx, due)
	s.tellStopped(notes, report)
	round, cancel := s.newRound(ctx, s.Concurrency, due, clients, report)
	defer cancel()
	r := grantRound{round: round, sweep: s, notes: notes, rejected: map[string][]token.ID{}}
	skipped := dispatch(due, s.Concurrency, r.gate, r.run, r.settle)
	report.Remaining += len(skipped)
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		r.judgeRejections(clients[name])
	}
	s.remember(ctx, notes)
	s.reportStopped(notes)
	return r.renewed
}

// attempt is a renewal and how long it took.
type attempt struct {
	Renewal
	duration time.Duration
}

func (r *grantRound) run(it *item) attempt {
	began := time.Now()
	occasion := WhenDue
	if it.probing {
		occasion = Probing
	}
	renewal := r.sweep.Renewer.Renew(r.ctx, it.id, it.client.grants, occasion)
	return attempt{renewal, time.Since(began)}
}

// settle draws the consequences of one renewal.
func (r *grantRound) settle(it *item, a attempt) {
	r.ended(it)
	r.count(a.Renewal)
	switch {
	case a.Err == nil:
		it.client.renewed++
		r.proven[it.id] = time.Now().Round(0)
		r.report.Renewed++
		r.renewed = append(r.renewed, it.id)
		r.answered(it)
		r.promiseEntry(it, a.Entry)
		r.record(it.id, nil, a.duration, slog.LevelInfo, "renewed", "")
		r.reportShort(it, a.Entry)
		return
	case errors.Is(a.Err, token.ErrLeased):
		it.client.elsewhere++
		r.report.Leased++
		return
	case errors.Is(a.Err, token.ErrNotDue), errors.Is(a.Err, token.ErrRemoved), errors.Is(a.Err, token.ErrNotFound):
		it.client.elsewhere++
		r.report.Due--
		r.report.NotDue++
		return
	case errors.Is(a.Err, token.ErrSuperseded):
		r.report.Leased++
		r.record(it.id, a.Err, a.duration, slog.LevelWarn, "superseded", classStore)
		return
	}
	class := a.class()
	delete(r.proven, it.id)
	r.report.fail(it.id, class, a.Err)
	r.record(it.id, a.Err, a.duration, slog.LevelWarn, "failed", class)
	r.promiseEntry(it, a.Entry)
	if class != classStore {
		r.blame(it, a.Err)
		r.reject(it, a)
	}
}

func isAnswer(err error) bool {
	_, ok := errors.AsType[*oauth.Error](err)
	return ok
}

// count adds what a renewal found beside its outcome.
func (r *grantRound) count(renewal Renewal) {
	if renewal.Adopted {
		r.report.Adopted++
		r.renewed = append(r.renewed, renewal.Entry.ID)
	}
	if renewal.RotationLost {
		r.report.RotationLost++
	}
	if renewal.AtRisk || errors.Is(renewal.Err, token.ErrSealed) {
		r.report.ResultAtRisk++
	}
	if len(renewal.Entry.Untold) > 0 {
		r.renewed = append(r.renewed, renewal.Entry.ID)
	}
	if renewal.consentRequired() {
		r.report.ConsentRequired = append(r.report.ConsentRequired, renewal.Entry.ID.String())
	}
}

// promiseEntry counts a published token, unless nobody is promised anything: its
// client is stopped or its grant latched.
func (r *grantRound) promiseEntry(it *item, e token.Entry) {
	lifetime := e.Access.Lifetime()
	if lifetime > 0 && e.Result.Latch == nil && !it.client.health.Stopped && r.sweep.Renewer.Schedule.Publishes(it.client.grants.Use(), lifetime) {
		r.report.promise(e.Access, time.Now())
	}
}

// reportShort says of a renewed token that it lives too short for the secret
// that the credentials want it in. It is handed out all the same.
func (r *grantRound) reportShort(it *item, e token.Entry) {
	err := r.sweep.Renewer.Schedule.Refuse(it.client.grants.Use(), e.Access.Lifetime())
	if err == nil {
		return
	}
	r.report.fail(it.id, classCredentials, err)
	r.log.WarnContext(r.ctx, "token not published", "token", it.id.String(), "class", classCredentials, "error", err)
}

// reject counts the refusal of a grant that was good. When it is one of many,
// the client is stopped and nobody latched. One that was pardoned is as good as
// it was, however long ago, unless most others have succeeded since: client and
// provider are well then. Other sweepers count what they renew themselves.
func (r *grantRound) reject(it *item, a attempt) {
	c := it.client
	good := a.WasGood || !a.PardonedAt.IsZero() && !r.mostlyWell(c.name, a.PardonedAt)
	if classOf(a.Err) != oauth.ClassGrant || !good {
		return
	}
	rejected := append(r.rejected[c.name], it.id)
	r.rejected[c.name] = rejected
	if !c.health.Stopped && len(rejected) >= massRejections && len(rejected)*massShare >= c.due-c.elsewhere {
		r.massRejection(c, len(rejected))
	}
}

func (r *grantRound) massRejection(c *client, rejected int) {
	c.health.RejectedInMass(time.Now().Round(0))
	r.report.MassRejection++
	r.report.Events = append(r.report.Events, c.health.event(c.name))
	r.log.ErrorContext(r.ctx, "mass rejection: the client is stopped, no grant is latched", "client", c.name, "rejected", rejected, "due", c.due)
	r.sweep.remember(r.ctx, r.notes) // now: these grants were good, and the next sweep would not see it
}

// judgeRejections looks at a client's rejections when its sweep is over. A small
// client has one or two grants due at a time: what several sweeps without any
// success refuse is a mass too.
func (r *grantRound) judgeRejections(c *client) {
	rejected := r.rejected[c.name]
	earlier := c.health.Rejected
	if !c.health.Stopped && c.renewed == 0 && len(rejected) > 0 && c.health.Reject(rejected) {
		rejected = slices.Concat(rejected, earlier[:])
		r.massRejection(c, len(rejected))
	}
	if c.health.Stopped && c.health.Mass {
		r.pardon(c, rejected)
	}
}

// pardon makes the grants of a mass rejection what they were.
func (r *grantRound) pardon(c *client, ids []token.ID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), storeTimeout)
	defer cancel()
	for _, id := range ids {
		if id == (token.ID{}) {
			continue
		}
		e, err := r.sweep.Journal.Get(ctx, id)
		if err == nil && e.Result.Outcome == token.OutcomeRefused && e.Result.Latch == nil && !e.LeasedAt(time.Now()) {
			_, err = r.sweep.Journal.Swap(ctx, e, e.Pardon(time.Now()))
		}
		if err != nil {
			r.log.WarnContext(ctx, "a rejected grant waits for its second try", "token", id.String(), "client", c.name, "error", err)
		}
	}
}
