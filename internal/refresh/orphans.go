package refresh

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// orphans reports, in every sweep, the clients whose grants are due and who have
// no credentials: somebody deleted these, nothing renews the grants any more, and
// no token of theirs counts as promised. Credentials that were just stored are not
// listed for some minutes, so a client has one interval before it is reported.
func (s *GrantSweep) orphans(ctx context.Context, due map[string]bool, report *Report) {
	now := time.Now().Round(0)
	maps.DeleteFunc(s.orphaned, func(name string, _ time.Time) bool { return !due[name] })
	for _, name := range slices.Sorted(maps.Keys(due)) {
		since, known := s.orphaned[name]
		switch {
		case !known:
			s.orphaned[name] = now
		case now.Sub(since) >= s.ReconcileInterval && !report.names(name):
			s.roster.unusable(ctx, name, errors.New("there are no credentials, and grants are due: put them back, or remove the grants"), report)
		}
	}
}

// names reports whether a failure is told of a client as a whole.
func (r *Report) names(client string) bool {
	return slices.ContainsFunc(r.Failed, func(f Failure) bool { return f.Token == client })
}
