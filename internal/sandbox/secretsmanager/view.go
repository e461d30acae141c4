package secretsmanager

import (
	"maps"
	"slices"
	"time"
)

// An entry is a secret in memory: as it is, and as lists show it. Lists lag, so
// the states that they have not reached yet are kept with the time they began.
type entry struct {
	current *record // nil: there is none
	views   []view  // oldest first; the first may be shown already
}

type view struct {
	record *record // nil: from then on there was none
	since  time.Time
}

// show makes a state the current one, and that of lists after the lag. The
// caller holds the lock.
func (st *store) show(name string, r *record, now time.Time) {
	e := st.entries[name]
	if e == nil {
		e = &entry{}
		st.entries[name] = e
	}
	e.current = r
	e.views = append(e.views[max(e.shown(now, st.lag), 0):], view{record: r, since: now})
	if r == nil {
		st.forget(now)
	}
}

// forget drops the secrets that are gone from lists too.
func (st *store) forget(now time.Time) {
	maps.DeleteFunc(st.entries, func(_ string, e *entry) bool {
		i := e.shown(now, st.lag)
		return e.current == nil && i == len(e.views)-1
	})
}

// shown is the index of the view that lists show.
func (e *entry) shown(now time.Time, lag time.Duration) int {
	for i := range slices.Backward(e.views) {
		if !now.Before(e.views[i].since.Add(lag)) {
			return i
		}
	}
	return -1
}

// listed returns the records that lists show now, in no order.
func (st *store) listed(now time.Time) []*record {
	st.mu.RLock()
	defer st.mu.RUnlock()
	records := make([]*record, 0, len(st.entries))
	for _, e := range st.entries {
		if i := e.shown(now, st.lag); i >= 0 && e.views[i].record != nil && !e.views[i].record.gone(now) {
			records = append(records, e.views[i].record)
		}
	}
	return records
}
