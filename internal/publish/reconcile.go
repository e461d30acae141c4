package publish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// So many secrets that look deleted in one reconcile are not believed: five or
// more, and a fifth of all.
const (
	massDeletions = 5
	massShare     = 5
)

// Reconciled are the figures of a reconcile. All are zero if none was due.
type Reconciled struct {
	Added        int  // grants that the journal did not know
	Adopted      int  // grants from secrets that took the journal's place
	Revived      int  // parked entries whose secret came back
	Parked       int  // entries whose secret is gone
	Gone         int  // secrets that look deleted and were not parked
	MassDeletion bool // so many look deleted that none was believed
	Remaining    int  // not looked at before the deadline
	Failed       []Failure
}

// Reconcile compares all grant secrets with the journal, if no instance has done
// so within the interval: it adds what is missing, judges what was replaced,
// parks what is gone and revives what came back. A list may be behind, so every
// difference is confirmed by a direct look, and an entry is changed only while
// nobody holds its lease.
//
// What concerns one grant is told in Failed; an error means that nothing could
// be compared. It is tried again by the next sweep then.
func (p *Publisher) Reconcile(ctx context.Context) (Reconciled, error) {
	giveBack, due, err := p.turn(ctx)
	if err != nil || !due {
		return Reconciled{}, err
	}
	r := reconciliation{Publisher: p}
	listed, entries, err := r.list(ctx)
	if err != nil {
		return Reconciled{}, errors.Join(err, giveBack(context.WithoutCancel(ctx)))
	}
	look, live := r.differences(listed, entries)
	r.Remaining = p.each(ctx, look, func(id token.ID) { r.inspect(ctx, id) })
	r.bury(ctx, live)
	r.Remaining += p.each(ctx, strays(entries), func(id token.ID) { r.publish(ctx, id) })
	slices.SortFunc(r.Failed, byToken)
	if r.Remaining > 0 { // the next sweep goes on
		return r.Reconciled, giveBack(context.WithoutCancel(ctx))
	}
	return r.Reconciled, nil
}

// turn claims the reconcile for this instance if it is due, as it is if nobody
// can say when the last one began. giveBack makes it due again.
func (p *Publisher) turn(ctx context.Context) (giveBack func(context.Context) error, due bool, err error) {
	last, version, err := lastReconcile(ctx, p.Journal)
	if err != nil && !errors.Is(err, errNote) {
		return nil, false, err
	}
	now := time.Now()
	if now.Before(last.Add(p.ReconcileInterval)) {
		return nil, false, nil
	}
	next, err := json.Marshal(started{At: now.UTC()})
	if err != nil {
		return nil, false, fmt.Errorf("write the note of this reconcile: %w", err)
	}
	claimed, err := p.Journal.SwapNote(ctx, reconcileNote, next, version)
	switch {
	case errors.Is(err, token.ErrConflict):
		return nil, false, nil // another instance does it
	case err != nil:
		return nil, false, fmt.Errorf("claim the reconcile: %w", err)
	}
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		_, err := p.Journal.SwapNote(ctx, reconcileNote, []byte("{}"), claimed)
		return err
	}, true, nil
}

// reconciliation is one comparison of everything.
type reconciliation struct {
	*Publisher
	mu sync.Mutex
	Reconciled
	gone []token.Entry // as they were before their secrets were looked at
}

// list reads both sides. What the journal cannot read of itself is reported and
// nil here: nothing can be said of it.
func (r *reconciliation) list(ctx context.Context) ([]token.Listed, map[token.ID]*token.Entry, error) {
	listed, err := r.Secrets.ListGrants(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list grants: %w", err)
	}
	entries := map[token.ID]*token.Entry{}
	for entry, err := range r.Journal.Entries(ctx) {
		switch {
		case err == nil:
			entries[entry.ID] = &entry
		case errors.Is(err, token.ErrUnreadable):
			entries[entry.ID] = nil
			r.failed(entry.ID.String(), err)
		default:
			return nil, nil, fmt.Errorf("list the journal: %w", err)
		}
	}
	return listed, entries, nil
}

// differences are the grants that have to be looked at directly, and how many
// entries are neither parked nor removed. An entry of which there never was a
// grant, as after a first consent that failed, has no secret to miss.
func (r *reconciliation) differences(listed []token.Listed, entries map[token.ID]*token.Entry) (look []token.ID, live int) {
	present := map[token.ID]bool{}
	for _, secret := range listed {
		if err := check(secret.ID); err != nil {
			r.failed(secret.Name, err)
			continue
		}
		present[secret.ID] = !secret.Deleted
		entry, known := entries[secret.ID]
		if !secret.Deleted && (!known || differs(entry, secret)) {
			look = append(look, secret.ID)
		}
	}
	for id, entry := range entries {
		if entry == nil || entry.Removed || entry.Parked || entry.Revision == 0 {
			continue
		}
		live++
		if !present[id] {
			look = append(look, id)
		}
	}
	slices.SortFunc(look, func(a, b token.ID) int { return cmp.Compare(a.String(), b.String()) })
	return look, live
}

// strays are the entries that have something left to tell or to remove and are
// not nominated for it: an older version of this program, which knows nothing of
// either, has planned them.
func strays(entries map[token.ID]*token.Entry) (ids []token.ID) {
	for id, entry := range entries {
		if entry != nil && entry.PublishAt.IsZero() && (entry.Removing() || len(entry.Untold) > 0) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r *reconciliation) publish(ctx context.Context, id token.ID) {
	if _, err := r.Publish(ctx, id, WhenAllowed); err != nil && !elsewhere(err) {
		r.failed(id.String(), err)
	}
}

// check: a grant is always a merchant's.
func check(id token.ID) error {
	if id.Merchant == "" {
		return errors.New("the name of a grant's secret has no merchant")
	}
	return id.Check()
}

// differs reports whether a listed secret is not as the entry knows it. While a
// put is open, its publisher looks after it.
func differs(e *token.Entry, secret token.Listed) bool {
	switch {
	case e == nil, e.Removing():
		return false
	case e.Parked:
		return true
	}
	return !e.Put.Open() && e.Put.Version != secret.Version
}

func (r *reconciliation) failed(name string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Failed = append(r.Failed, Failure{Token: name, Err: err})
}

func (r *reconciliation) count(figure *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*figure++
}
