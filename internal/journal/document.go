package journal

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// document is what of an entry is not secret, as JSON. Its parts mirror those of
// token.Entry field by field, so that they convert and the compiler misses none.
type document struct {
	Revision    int64       `json:"revision,omitzero"`
	CommittedAt time.Time   `json:"committed_at,omitzero"`
	Suspect     bool        `json:"suspect,omitzero"`
	DueAt       time.Time   `json:"due_at,omitzero"`
	Lease       lease       `json:"lease,omitzero"`
	Unsettled   bool        `json:"unsettled,omitzero"`
	Result      result      `json:"result,omitzero"`
	UsedAt      time.Time   `json:"used_at,omitzero"`
	Rejection   rejection   `json:"rejection,omitzero"`
	PublishAt   time.Time   `json:"publish_at,omitzero"`
	Memory      string      `json:"memory,omitzero"` // see formatMemory
	Put         put         `json:"put,omitzero"`
	AccessPut   accessPut   `json:"access_put,omitzero"`
	Forced      []time.Time `json:"forced,omitempty"`
	Exchanges   []exchange  `json:"exchanges,omitempty"`
	Parked      bool        `json:"parked,omitzero"`
	Removed     bool        `json:"removed,omitzero"`
	Removal     removal     `json:"removal,omitzero"`
	Untold      []notice    `json:"untold,omitempty"`
}

type lease struct {
	Holder string    `json:"holder,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

type result struct {
	Outcome   token.Outcome `json:"outcome,omitzero"`
	At        time.Time     `json:"at,omitzero"`
	Failures  int           `json:"failures,omitzero"`
	RefusedAt time.Time     `json:"refused_at,omitzero"`
	Latch     *latch        `json:"latch,omitzero"`

	PardonedAt   time.Time `json:"pardoned_at,omitzero"`
	RotationLost bool      `json:"rotation_lost,omitzero"`
}

type rejection struct {
	At    time.Time `json:"at,omitzero"`
	Times int       `json:"times,omitzero"`
}

type latch struct {
	Fingerprint string    `json:"fingerprint"`
	Since       time.Time `json:"since,omitzero"`
}

type put struct {
	Number    int64     `json:"number,omitzero"`
	At        time.Time `json:"at,omitzero"`
	Revision  int64     `json:"revision,omitzero"`
	Read      string    `json:"read,omitzero"`
	Version   string    `json:"version,omitzero"`
	Confirmed bool      `json:"confirmed,omitzero"`
}

type exchange struct {
	Attempt string    `json:"attempt"`
	At      time.Time `json:"at,omitzero"`
	Outcome string    `json:"outcome,omitzero"`
}

type accessPut struct {
	Revision int64     `json:"revision,omitzero"`
	At       time.Time `json:"at,omitzero"`
}

type removal struct {
	At          time.Time `json:"at,omitzero"`
	RevokedAt   time.Time `json:"revoked_at,omitzero"`
	DeletedAt   time.Time `json:"deleted_at,omitzero"`
	DoneAt      time.Time `json:"done_at,omitzero"`
	NextAt      time.Time `json:"next_at,omitzero"`
	Unrevocable bool      `json:"unrevocable,omitzero"`
}

type notice struct {
	Type   string    `json:"type"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since,omitzero"`
}

func documentOf(e token.Entry) document {
	d := document{
		Revision: e.Revision, CommittedAt: e.CommittedAt, Suspect: e.Suspect,
		DueAt: e.DueAt, Lease: lease(e.Lease), Unsettled: e.Unsettled, Result: resultOf(e.Result), UsedAt: e.UsedAt,
		Rejection: rejection(e.Rejection),
		PublishAt: e.PublishAt, Memory: formatMemory(e.Memory), Put: put(e.Put), AccessPut: accessPut(e.AccessPut),
		Parked: e.Parked, Removed: e.Removed, Removal: removal(e.Removal),
	}
	for _, t := range e.Forced {
		d.Forced = append(d.Forced, utc(t))
	}
	for _, n := range e.Untold {
		d.Untold = append(d.Untold, notice{Type: n.Type, Reason: n.Reason, Since: utc(n.Since)})
	}
	for _, x := range e.Exchanges {
		d.Exchanges = append(d.Exchanges, exchange{Attempt: formatFingerprint(x.Attempt), At: utc(x.At), Outcome: x.Outcome})
	}
	for _, t := range []*time.Time{
		&d.CommittedAt, &d.DueAt, &d.Lease.Until, &d.Result.At, &d.Result.RefusedAt, &d.Result.PardonedAt, &d.UsedAt, &d.Rejection.At, &d.PublishAt, &d.Put.At, &d.AccessPut.At,
		&d.Removal.At, &d.Removal.RevokedAt, &d.Removal.DeletedAt, &d.Removal.DoneAt, &d.Removal.NextAt,
	} {
		*t = utc(*t)
	}
	return d
}

// entry is the inverse of documentOf.
func (d document) entry() (token.Entry, error) {
	memory, err := parseMemory(d.Memory)
	if err != nil {
		return token.Entry{}, err
	}
	outcome, err := d.Result.entry()
	if err != nil {
		return token.Entry{}, err
	}
	exchanges, err := exchangesOf(d.Exchanges)
	if err != nil {
		return token.Entry{}, err
	}
	var untold []token.Notice
	for _, n := range d.Untold {
		untold = append(untold, token.Notice(n))
	}
	return token.Entry{
		Exchanges: exchanges, Untold: untold,
		Revision: d.Revision, CommittedAt: d.CommittedAt, Suspect: d.Suspect,
		DueAt: d.DueAt, Lease: token.Lease(d.Lease), Unsettled: d.Unsettled, Result: outcome, UsedAt: d.UsedAt,
		Rejection: token.Rejection(d.Rejection),
		PublishAt: d.PublishAt, Memory: memory, Put: token.Put(d.Put), AccessPut: token.AccessPut(d.AccessPut), Forced: d.Forced,
		Parked: d.Parked, Removed: d.Removed, Removal: token.Removal(d.Removal),
	}, nil
}

func exchangesOf(documents []exchange) (exchanges []token.Exchange, err error) {
	for _, d := range documents {
		attempt, err := parseFingerprint(d.Attempt)
		if err != nil {
			return nil, err
		}
		exchanges = append(exchanges, token.Exchange{Attempt: attempt, At: d.At, Outcome: d.Outcome})
	}
	return exchanges, nil
}

func resultOf(r token.Result) result {
	d := result{Outcome: r.Outcome, At: r.At, Failures: r.Failures, RefusedAt: r.RefusedAt, PardonedAt: r.PardonedAt, RotationLost: r.RotationLost}
	if l := r.Latch; l != nil {
		d.Latch = &latch{Fingerprint: formatFingerprint(l.Fingerprint), Since: utc(l.Since)}
	}
	return d
}

func (d result) entry() (token.Result, error) {
	r := token.Result{Outcome: d.Outcome, At: d.At, Failures: d.Failures, RefusedAt: d.RefusedAt, PardonedAt: d.PardonedAt, RotationLost: d.RotationLost}
	if l := d.Latch; l != nil {
		fingerprint, err := parseFingerprint(l.Fingerprint)
		if err != nil {
			return token.Result{}, err
		}
		r.Latch = &token.Latch{Fingerprint: fingerprint, Since: l.Since}
	}
	return r, nil
}

// withExtra writes a document and the fields of a newer schema beside it.
func (d document) withExtra(extra map[string]json.RawMessage) ([]byte, error) {
	plain, err := json.Marshal(d)
	if err != nil || len(extra) == 0 {
		return plain, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(plain, &fields); err != nil {
		return nil, err
	}
	maps.Copy(fields, extra)
	return json.Marshal(fields)
}

// fieldNames are the names that this schema knows.
func fieldNames() map[string]bool {
	names := map[string]bool{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[document]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}
