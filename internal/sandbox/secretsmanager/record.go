package secretsmanager

import (
	"slices"
	"time"
)

// Staging labels that the service itself moves.
const (
	labelCurrent  = "AWSCURRENT"
	labelPrevious = "AWSPREVIOUS"
	labelPending  = "AWSPENDING"
)

// A record is everything about a secret but its values. Records are immutable
// once stored: a change clones, alters the clone, and stores that.
type record struct {
	Name        string
	ARN         string
	Description string    `json:",omitempty"`
	KMSKeyID    string    `json:",omitempty"`
	Created     time.Time // of the secret
	Changed     time.Time
	Accessed    time.Time `json:",omitzero"` // midnight UTC of the last day a value was read
	Deleting    time.Time `json:",omitzero"` // end of the recovery window
	Tags        []tag     `json:",omitempty"`
	Versions    []version // oldest first
}

// A version is one value's identity and labels. Without labels it is deprecated.
type version struct {
	ID       string
	Created  time.Time
	Accessed time.Time `json:",omitzero"`
	KMSKeyID string    `json:",omitempty"`
	Labels   []string  `json:",omitempty"` // sorted
}

type tag struct {
	Key   string
	Value string
}

func (r *record) clone() *record {
	c := *r
	c.Tags = slices.Clone(r.Tags)
	c.Versions = slices.Clone(r.Versions)
	for i := range c.Versions {
		c.Versions[i].Labels = slices.Clone(c.Versions[i].Labels)
	}
	return &c
}

// scheduled reports whether DeleteSecret was called and not undone.
func (r *record) scheduled() bool { return !r.Deleting.IsZero() }

// gone reports whether the recovery window has ended.
func (r *record) gone(now time.Time) bool { return r.scheduled() && !now.Before(r.Deleting) }

// version returns the version with that id, or nil.
func (r *record) version(id string) *version {
	i := slices.IndexFunc(r.Versions, func(v version) bool { return v.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Versions[i]
}

// holder returns the version that holds the label, or nil.
func (r *record) holder(label string) *version {
	i := slices.IndexFunc(r.Versions, func(v version) bool { return slices.Contains(v.Labels, label) })
	if i < 0 {
		return nil
	}
	return &r.Versions[i]
}

// attach moves a label to a version. AWSCURRENT takes AWSPREVIOUS along: it goes
// to the version that AWSCURRENT left.
func (r *record) attach(id, label string) {
	left := r.holder(label)
	if left != nil && left.ID == id {
		return
	}
	r.detach(label)
	if label == labelCurrent {
		r.detach(labelPrevious)
		if left != nil {
			left.add(labelPrevious)
		}
	}
	r.version(id).add(label)
}

func (r *record) detach(label string) {
	if v := r.holder(label); v != nil {
		v.Labels = slices.DeleteFunc(v.Labels, func(l string) bool { return l == label })
	}
}

func (v *version) add(label string) {
	v.Labels = append(v.Labels, label)
	slices.Sort(v.Labels)
}

// labels counts the labels on all versions.
func (r *record) labels() int {
	n := 0
	for _, v := range r.Versions {
		n += len(v.Labels)
	}
	return n
}

// stages maps the ids of the versions that have labels to them, as
// DescribeSecret and ListSecrets answer; deprecated versions are left out.
func (r *record) stages() map[string][]string {
	m := make(map[string][]string)
	for _, v := range r.Versions {
		if len(v.Labels) > 0 {
			m[v.ID] = v.Labels
		}
	}
	return m
}
