package operate

import "context"

const (
	// quotaSecrets is how many secrets an account may have in a Region ("AWS
	// Secrets Manager quotas").
	quotaSecrets = 500_000
	// tight is the share of a quota, in percent, from which on it is warned of.
	tight = 70
	full  = 100
)

// quota compares what the tokens need with what Secrets Manager and one sweep
// give.
func (x *examiner) quota(context.Context) finding {
	if x.ledger == nil {
		return skipped("How much is needed is not known, since the journal cannot be read.")
	}
	if x.grantsErr != nil {
		return skipped("How much is needed is not known, since grants cannot be listed.")
	}
	issued := len(x.issued())
	secrets := len(x.clients) + issued + len(x.grants) + x.ledger.published
	puts := issued + x.ledger.live + x.ledger.published // each at most once per interval
	fit := int(x.Schedule.WriteInterval.Seconds() * float64(x.Examination.WritesPerSecond))
	used := percent(puts, fit)
	switch {
	case used >= full:
		return problem("Up to %d writes are needed every %s, and %d fit: set publish to function for clients whose consumers can invoke the access-token function.",
			puts, x.Schedule.WriteInterval, fit)
	case used >= tight, percent(secrets, quotaSecrets) >= tight:
		return warning("Up to %d writes are needed every %s, and %d fit; there are about %d secrets of %d: ask AWS for more before you add merchants.",
			puts, x.Schedule.WriteInterval, fit, secrets, quotaSecrets)
	case x.ledger.late > 0:
		return warning("%d grants are due and wait although there is room (%d %% of the writes): see the metric Remaining and the timeouts of the provider.",
			x.ledger.late, used)
	default:
		return well("At most %d writes are needed every %s, %d %% of what fits; there are about %d secrets of %d, and no backlog.",
			puts, x.Schedule.WriteInterval, used, secrets, quotaSecrets)
	}
}

// percent is the share of a whole, rounded up.
func percent(part, whole int) int { return (part*100 + whole - 1) / max(whole, 1) }
