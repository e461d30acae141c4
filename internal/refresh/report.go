package refresh

import (
	"cmp"
	"slices"
	"time"

	"token-refresher/internal/token"
)

// Report is what a sweep did, and the answer of the refresh function
// (docs/contract.md). Due is the sum of Renewed, Leased, Remaining and those
// of Failed that were due.
type Report struct {
	Due             int       `json:"due"`
	Renewed         int       `json:"renewed"`
	NotDue          int       `json:"not_due"`
	Leased          int       `json:"leased"` // another sweep was first to renew it
	Failed          []Failure `json:"failed"`
	ConsentRequired []string  `json:"consent_required"`
	Remaining       int       `json:"remaining"` // due, but not tried in this sweep

	// LowestLifeLeftPercent is the life left of the published token that has
	// the least, 0 to 100; nil if none is promised.
	LowestLifeLeftPercent *float64 `json:"lowest_life_left_percent"`

	// Figures for metrics only.
	FailedByClass     map[string]int `json:"-"`
	SecretWriteFailed int            `json:"-"`
	Adopted           int            `json:"-"` // grants from secrets that took the journal's place
	RotationLost      int            `json:"-"`
	MassRejection     int            `json:"-"`
	ResultAtRisk      int            `json:"-"` // answers that neither journal nor secret holds or that cannot be opened; mass deletions
	GrantLag          time.Duration  `json:"-"` // age of the oldest answer that no secret holds yet
	Events            []Event        `json:"-"` // in the order in which they happened
}

// Failure is one token, or one client's credentials, and what went wrong.
type Failure struct {
	Token string `json:"token"`
	Error string `json:"error"`
}

// Classes of failures that no provider answered with; the others are those of
// oauth.Class.
const (
	classCredentials = "credentials" // what an operator wrote cannot be used
	classStore       = "store"       // Secrets Manager refused, or holds what cannot be read
)

func newReport() *Report {
	return &Report{Failed: []Failure{}, ConsentRequired: []string{}, FailedByClass: map[string]int{}}
}

func (r *Report) fail(id token.ID, class string, err error) {
	r.Failed = append(r.Failed, Failure{Token: id.String(), Error: err.Error()})
	r.FailedByClass[class]++
}

// promise notes a published token that consumers rely on.
func (r *Report) promise(t token.AccessToken, now time.Time) {
	left := t.LifeLeftPercent(now)
	if r.LowestLifeLeftPercent == nil || left < *r.LowestLifeLeftPercent {
		r.LowestLifeLeftPercent = &left
	}
}

func (r *Report) published(p Published) {
	r.SecretWriteFailed += p.SecretWriteFailed
	r.Adopted += p.Adopted
	r.GrantLag = p.Lag
	r.failAll(p.Failed)
}

func (r *Report) reconciled(p Reconciled) {
	r.Adopted += p.Adopted
	if p.MassDeletion {
		r.ResultAtRisk++ // no secret holds these grants: only the journal does
	}
	r.failAll(p.Failed)
}

func (r *Report) failAll(failed []Failure) {
	r.Failed = append(r.Failed, failed...)
	if len(failed) > 0 {
		r.FailedByClass[classStore] += len(failed)
	}
}

// finish puts what concurrency shuffled into order.
func (r *Report) finish() Report {
	slices.SortFunc(r.Failed, func(a, b Failure) int { return cmp.Compare(a.Token, b.Token) })
	return *r
}
