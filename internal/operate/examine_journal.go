package operate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"token-refresher/internal/publish"
	"token-refresher/internal/token"
)

const (
	// lateSweeps is how many sweeps something may be due before it counts as
	// late: as many as due times leave to spare.
	lateSweeps = 3
	// failedTries in a row are no passing trouble.
	failedTries = 3
	// noVersion is one that no note has: storing over it does nothing.
	noVersion = "doctor"
	noteKey   = "doctor"
)

// ledger is what a walk over the journal's entries counts.
type ledger struct {
	live       int // neither removed nor parked
	published  int // of which access tokens go into secrets too
	unreadable []string
	newest     token.Entry // that was committed last, as a list shows it
	late       int         // due since longer than a few sweeps
	lateSince  time.Time   // when the first of them was
	failing    int         // failed a few times in a row, and not given up
	active     time.Time   // the last try of any

	// promised is the newest of each client whose access tokens are to be in
	// secrets whatever their lifetime, by client.
	promised map[string]token.Entry
}

// journal looks whether the journal's table can be used.
func (x *examiner) journal(ctx context.Context) finding {
	if err := x.tryJournal(ctx); err != nil {
		return problem("The journal's table cannot be used (%s): see whether JOURNAL_TABLE names it, and give the function's role what template.yaml gives OperatorRole.", said(err))
	}
	x.ledger = &ledger{promised: map[string]token.Entry{}}
	for entry, err := range x.Journal.Entries(ctx) {
		if err != nil && !errors.Is(err, token.ErrUnreadable) {
			x.ledger = nil
			return problem("The journal cannot be read to its end (%s): try again, and see DynamoDB's throttling.", said(err))
		}
		x.count(entry, err)
	}
	if bad := x.ledger.unreadable; len(bad) > 0 {
		return problem("%s: see docs/disaster.md before anything is deleted.", several(bad))
	}
	return well("The table is readable by both of its indexes and takes conditional writes; it has %d grants.", x.ledger.live)
}

// tryJournal asks both indexes, and makes a write whose condition fails.
func (x *examiner) tryJournal(ctx context.Context) error {
	_, dueErr := x.Examination.Journal.Due(ctx, x.now, 1)
	_, publishErr := x.Examination.Journal.Unpublished(ctx, x.now, 1)
	_, err := x.Examination.Journal.SwapNote(ctx, noteKey, []byte("{}"), noVersion)
	if errors.Is(err, token.ErrNotFound) || errors.Is(err, token.ErrConflict) {
		err = nil
	}
	return errors.Join(dueErr, publishErr, err)
}

// count adds an entry of the list, or one that cannot be read.
func (x *examiner) count(e token.Entry, err error) {
	l := x.ledger
	switch {
	case err != nil && e.ID == (token.ID{}):
		l.unreadable = append(l.unreadable, said(err))
	case err != nil:
		l.unreadable = append(l.unreadable, fmt.Sprintf("entry %s: %s", e.ID, said(err)))
	case e.Removed, e.Parked:
	default:
		l.live++
		l.committed(e, x.publish(e.ID.Client))
		l.tried(e, x.now.Add(-lateSweeps*x.Schedule.SweepInterval))
	}
}

// committed counts what the entry's newest answer is for: publish says where its
// access token is to be found.
func (l *ledger) committed(e token.Entry, publish token.Publish) {
	if publish != token.PublishFunction {
		l.published++
	}
	if publish == token.PublishSecret && !e.CommittedAt.Before(l.promised[e.ID.Client].CommittedAt) {
		l.promised[e.ID.Client] = e
	}
	if e.CommittedAt.After(l.newest.CommittedAt) {
		l.newest = e
	}
}

// tried counts how the entry's renewals go. It is late if it was due before that
// time.
func (l *ledger) tried(e token.Entry, before time.Time) {
	if e.Result.At.After(l.active) {
		l.active = e.Result.At
	}
	if e.Result.Failures >= failedTries && e.Result.Latch == nil {
		l.failing++
	}
	if due := e.DueAt; !due.IsZero() && due.Before(before) {
		l.late++
		if l.lateSince.IsZero() || due.Before(l.lateSince) {
			l.lateSince = due
		}
	}
}

// publish is where the client's access tokens are to be found, as its credentials
// say.
func (x *examiner) publish(name string) token.Publish {
	for _, c := range x.clients {
		if c.credentials.Client == name {
			return c.credentials.Publish
		}
	}
	return ""
}

// refused says of clients that their access tokens live too short for the secrets
// that their credentials want them in. The newest grant speaks for the others of
// its client: how long a token lives is the provider's to say.
func (x *examiner) refused(ctx context.Context) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(x.ledger.promised)) {
		e, err := x.Journal.Get(ctx, x.ledger.promised[name].ID)
		if err != nil { // others say so
			continue
		}
		if refusal := x.Schedule.Refuse(token.Use{Publish: token.PublishSecret}, e.Access.Lifetime()); refusal != nil {
			faults = append(faults, name+": "+refusal.Error())
		}
	}
	return faults
}

// sealingKey looks whether the key seals, and opens the newest answer.
func (x *examiner) sealingKey(ctx context.Context) finding {
	if err := x.Examination.SealingKey(ctx); err != nil {
		return problem("The sealing key cannot be used (%s): nothing is renewed without it; see docs/disaster.md.", said(err))
	}
	if x.ledger == nil || x.ledger.newest.ID == (token.ID{}) {
		return well("It is readable and opens what it sealed; there is no grant yet to open.")
	}
	id := x.ledger.newest.ID
	entry, err := x.Journal.Get(ctx, id)
	if err != nil {
		return problem("It is readable, but whether it opens the newest answer, that of %s, is not known (%s): give the function's role what template.yaml gives OperatorRole.", id, said(err))
	}
	if err := entry.Sealed; err != nil {
		return problem("The newest answer, that of %s, cannot be opened (%s): the key it was sealed with is needed again; see docs/disaster.md.", id, said(err))
	}
	return well("It is readable, and opens the newest answer, that of %s.", id)
}

// inviteKey looks whether invites can be made.
func (x *examiner) inviteKey(ctx context.Context) finding {
	if x.Inviter == nil || x.Examination.InviteKey == nil {
		return skipped("This deployment has no consent pages: set PUBLIC_URL if merchants are to consent.")
	}
	if err := x.Examination.InviteKey(ctx); err != nil {
		return problem("The invite key cannot be used (%s): no merchant can consent without it; see docs/disaster.md.", said(err))
	}
	return well("It is readable and opens what it sealed.")
}

// schedule looks whether sweeps come to their end, by what they leave behind.
func (x *examiner) schedule(ctx context.Context) finding {
	issued, err := x.lateTokens(ctx)
	if err != nil {
		return problem("It is not known whether sweeps run (%s): see \"No completed sweep\" in docs/operate.md.", said(err))
	}
	if x.ledger == nil {
		return problem("It is not known whether sweeps of grants run, since the journal cannot be read: see what the check of it says.")
	}
	reconciled, err := publish.LastReconcile(ctx, x.Journal)
	if err != nil {
		return problem("It is not known whether sweeps of grants run (%s): see \"No completed sweep\" in docs/operate.md.", said(err))
	}
	overdue := x.now.Sub(reconciled) - x.Examination.ReconcileInterval - lateSweeps*x.Schedule.SweepInterval
	switch {
	case issued.late > 0:
		return problem("%d tokens of client credentials are late, the first since %s: %s.", issued.late, span(x.now.Sub(issued.since)), look)
	case x.ledger.live == 0 && len(x.clients) == 0:
		return skipped("There is nothing to sweep yet.")
	case x.ledger.live > 0 && !reconciled.IsZero() && overdue > 0:
		return problem("The last sweep of grants that compared secrets and journal began %s ago: %s.", span(x.now.Sub(reconciled)), look)
	default:
		return x.pace(issued.missing, x.refused(ctx), reconciled)
	}
}

// look is where to look when sweeps get less done than they should.
const look = "see whether the schedule is enabled, and what fails in the log of the refresh function"

// pace looks what sweeps that come to their end leave undone.
func (x *examiner) pace(missing, refused []string, reconciled time.Time) finding {
	switch {
	case len(refused) > 0:
		return problem("%s.", several(refused))
	case len(missing) > 0:
		return warning("No secret has a token for %s: see what fails in the log of the refresh function. One that lives too short for a secret is had of the access-token function.", several(missing))
	case x.ledger.failing > 0:
		return warning("%d grants could not be renewed at their last %d tries or more: see `tokens status`, and what fails in the log of the refresh function.", x.ledger.failing, failedTries)
	case x.ledger.late > 0:
		return warning("%d grants are due and wait, the first since %s: %s.", x.ledger.late, span(x.now.Sub(x.ledger.lateSince)), look)
	case reconciled.IsZero() && x.ledger.live > 0:
		return warning("Nothing is late, but no sweep has compared secrets and journal to the end yet: look again in %s.", x.Examination.ReconcileInterval)
	case x.ledger.live == 0:
		return well("No token is late; there is no grant yet to sweep.")
	default:
		return well("No token is late; the last comparison of secrets and journal began %s ago, the last try to renew a grant was %s ago.",
			span(x.now.Sub(reconciled)), span(x.now.Sub(x.ledger.active)))
	}
}

// lateness is which tokens of client credentials no sweep got in time.
type lateness struct {
	late    int       // that are published
	since   time.Time // the first of them
	missing []string  // that no secret has
}

// lateTokens looks for tokens of client credentials that should have been
// published a few sweeps ago.
func (x *examiner) lateTokens(ctx context.Context) (found lateness, err error) {
	stored, err := x.Store.AccessTokens(ctx, x.issued())
	if err != nil {
		return lateness{}, err
	}
	late := func(due time.Time) bool { return x.now.Sub(due) > lateSweeps*x.Schedule.SweepInterval }
	for _, c := range x.clients {
		for _, id := range x.issuedTo(c) {
			one := stored[id]
			due := x.renewable(one, c.storedAt)
			switch {
			case errors.Is(one.Err, token.ErrNotFound) && late(c.storedAt):
				found.missing = append(found.missing, id.String())
			case one.Err != nil || !late(due):
			default:
				found.late++
				if found.since.IsZero() || due.Before(found.since) {
					found.since = due
				}
			}
		}
	}
	return found, nil
}

// issued are the tokens that client credentials publish.
func (x *examiner) issued() (ids []token.ID) {
	for _, c := range x.clients {
		ids = append(ids, x.issuedTo(c)...)
	}
	return ids
}

func (*examiner) issuedTo(c client) []token.ID {
	if c.grants || c.credentials.Publish == token.PublishFunction {
		return nil
	}
	return c.credentials.IDs()
}
