package authserver

import (
	"crypto/subtle"
	"time"
)

// obtained is what a good refresh token or code was exchanged for.
type obtained struct {
	record record
	value  string // of the refresh token to use next
	nonce  string // of the code; empty for a refresh
}

// refresh uses a refresh token: it returns what is to be used next, or false if
// the token is refused. An error means that nothing happened.
func (b *book) refresh(client Client, value, verifier string) (obtained, bool, error) {
	next, err := b.random()
	if err != nil {
		return obtained{}, false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	number, known := b.byValue[value]
	if !known || b.records[b.tickets[number].Consent].Client != client.ID {
		b.counters.Unknown++
		return obtained{}, false, nil
	}
	t := b.tickets[number]
	r := b.records[t.Consent]
	now := b.now()
	switch {
	case t.Spent:
		b.counters.Stale++
		return obtained{}, false, b.save(change{records: []record{r.met(client.DetectReuse)}})
	case r.Ended != "":
		b.counters.Ended++
		return obtained{}, false, nil
	case !now.Before(t.Expires):
		b.counters.Expired++
		return obtained{}, false, nil
	case client.DemandVerifier && subtle.ConstantTimeCompare([]byte(r.Verifier), []byte(verifier)) == 0:
		b.counters.BadVerifier++
		return obtained{}, false, nil
	}
	c, next := b.rotated(client, t, r, next, now)
	if err := b.save(c); err != nil {
		return obtained{}, false, err
	}
	b.counters.Refreshed++
	return obtained{record: c.records[0], value: next}, true, nil
}

// met is the record after one of its spent refresh tokens was presented.
func (r record) met(detectReuse bool) record {
	r.Stale++
	if detectReuse && r.Ended == "" {
		r.Ended = EndedByReuse
	}
	return r
}

// rotated spends a refresh token for the next one, or with ReUse prolongs it.
func (b *book) rotated(client Client, t ticket, r record, next string, now time.Time) (change, string) {
	r.Refreshed++
	expires := now.Add(client.ConsentLifetime)
	if client.RefreshTokens == ReUse {
		t.Expires = expires
		return change{records: []record{r}, tickets: []ticket{t}}, t.Value
	}
	t.Spent = true
	r.Newest = len(b.tickets)
	issued := ticket{Number: r.Newest, Consent: r.Number, Value: next, Issued: now, Expires: expires}
	return change{records: []record{r}, tickets: []ticket{t, issued}}, next
}
