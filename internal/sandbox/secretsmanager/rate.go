package secretsmanager

import (
	"time"

	"golang.org/x/time/rate"
)

// rateName names a rate that one or more operations share.
type rateName string

const (
	rateBatchGet     rateName = "batch get"
	rateCreate       rateName = "create"
	rateDelete       rateName = "delete"
	rateList         rateName = "list"
	rateListVersions rateName = "list versions"
	ratePassword     rateName = "password"
	rateRead         rateName = "read" // DescribeSecret and GetSecretValue
	rateRestore      rateName = "restore"
	rateTag          rateName = "tag"   // TagResource and UntagResource
	rateWrite        rateName = "write" // PutSecretValue, UpdateSecret and UpdateSecretVersionStage
)

// limiters hold one token bucket per rate; a bucket holds one second's worth.
type limiters map[rateName]*rate.Limiter

// newLimiters uses the rates of "AWS Secrets Manager quotas" in the user guide.
func newLimiters(c Config) limiters {
	if c.Unthrottled {
		return nil
	}
	perSecond := map[rateName]int{
		rateBatchGet: 100, rateCreate: 50, rateDelete: 50, rateList: 100, rateListVersions: 50,
		ratePassword: 50, rateRead: 10_000, rateRestore: 50, rateTag: 50, rateWrite: c.WritesPerSecond,
	}
	l := make(limiters, len(perSecond))
	for name, n := range perSecond {
		r := float64(n) * c.Speed
		l[name] = rate.NewLimiter(rate.Limit(r), max(1, int(r)))
	}
	return l
}

func (l limiters) allow(name rateName, now time.Time) bool {
	limiter, ok := l[name]
	return !ok || limiter.AllowN(now, 1)
}
