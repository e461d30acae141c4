package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// inspect looks at one grant directly, in the journal first and then in its
// secret, and does what the difference asks for. A secret that is gone is only
// noted: how many are decides.
func (r *reconciliation) inspect(ctx context.Context, id token.ID) {
	ctx, cancel := context.WithTimeout(ctx, token.PutWithin)
	defer cancel()
	entry, err := r.Journal.Get(ctx, id)
	if errors.Is(err, token.ErrNotFound) {
		entry, err = token.Entry{ID: id}, nil
	}
	if err != nil {
		r.failed(id.String(), fmt.Errorf("read the journal: %w", err))
		return
	}
	labels, err := r.Secrets.Labels(ctx, id)
	absent := errors.Is(err, token.ErrNotFound)
	switch {
	case err != nil && !absent: // says nothing about the secret
		r.failed(id.String(), fmt.Errorf("look at the grant's secret: %w", err))
	case entry.Removed && (absent || labels.Deleted), entry.Removing(): // the latter is for its removal to look at
	case entry.Removed:
		r.dig(ctx, entry, labels)
	case absent, labels.Deleted:
		r.missing(entry, absent)
	default:
		r.compare(ctx, entry, labels)
	}
}

// dig looks at a secret that a removed grant has again.
func (r *reconciliation) dig(ctx context.Context, e token.Entry, labels token.Labels) {
	if e.Names(labels) {
		return
	}
	_, revived, err := r.unearth(ctx, e, labels, "")
	switch {
	case err != nil && !elsewhere(err):
		r.failed(e.ID.String(), err)
	case revived:
		r.count(&r.Revived)
		r.count(&r.Adopted)
	}
}

// missing notes that an entry's secret is gone, unless there never was one, or a
// consent given since is about to bring it back.
func (r *reconciliation) missing(e token.Entry, absent bool) {
	if e.WriteID == "" || e.Parked || e.Restorable() || (absent && e.NeverPut()) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = append(r.gone, e)
}

// compare judges a secret that is not as the entry last saw it.
func (r *reconciliation) compare(ctx context.Context, e token.Entry, labels token.Labels) {
	unknown := e.WriteID == ""
	switch {
	case unknown && labels.Current == "", e.Sealed != nil:
		return // nothing to begin with; what cannot be opened cannot be compared
	case !unknown && !e.Parked && (e.Put.Open() || e.Names(labels)):
		return
	}
	_, adopted, err := r.settle(ctx, e, labels)
	switch {
	case err != nil && elsewhere(err):
	case err != nil:
		r.failed(e.ID.String(), err)
	case unknown:
		r.count(&r.Added)
	default:
		if e.Parked {
			r.count(&r.Revived)
		}
		if adopted {
			r.count(&r.Adopted)
		}
	}
}

// bury parks the entries whose secrets are gone, out of so many live ones. If
// they are too many, or not all that are missing were looked at, none is parked.
func (r *reconciliation) bury(ctx context.Context, live int) {
	if len(r.gone) >= massDeletions && len(r.gone)*massShare >= live {
		r.MassDeletion = true
		r.Log.ErrorContext(ctx, "mass deletion: so many grant secrets are gone that none is believed", "gone", len(r.gone), "of", live)
	}
	if r.MassDeletion || r.Remaining > 0 {
		r.Gone = len(r.gone)
		return
	}
	for _, e := range r.gone {
		switch err := r.park(ctx, e); {
		case err == nil:
			r.Parked++
			r.Log.WarnContext(ctx, "parked: the grant's secret is gone", "token", e.ID.String())
		case elsewhere(err), errors.Is(err, token.ErrConflict):
			r.Gone++ // it is in use: the next reconcile looks again
		default:
			r.Gone++
			r.failed(e.ID.String(), fmt.Errorf("park: %w", err))
		}
	}
}

// park stores a parked entry in place of the one that was read before its secret
// was looked at, or nothing if it has changed since.
func (r *reconciliation) park(ctx context.Context, e token.Entry) error {
	parked, err := e.Park(time.Now())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	_, err = r.Journal.Swap(ctx, e, parked)
	return err
}
