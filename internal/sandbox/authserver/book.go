package authserver

import (
	"sync"
	"time"

	"token-refresher/internal/token"
)

// subjectBytes is the length of the pseudonym that ID tokens name a merchant by.
const subjectBytes = 16

// pair is a client and one of its merchants.
type pair struct{ client, merchant string }

// record is a consent as it is kept.
type record struct {
	Number    int       `json:"number"`
	Client    string    `json:"client"`
	Merchant  string    `json:"merchant"`
	Subject   string    `json:"subject"`
	Scope     string    `json:"scope,omitempty"` // empty: consentScope
	Verifier  string    `json:"verifier"`
	At        time.Time `json:"at"`
	Ended     End       `json:"ended,omitempty"`
	Newest    int       `json:"newest"` // number of its newest refresh token
	Refreshed int       `json:"refreshed"`
	Stale     int       `json:"stale"`
}

// ticket is a refresh token as it is kept.
type ticket struct {
	Number  int       `json:"number"`
	Consent int       `json:"consent"`
	Value   string    `json:"value"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
	Spent   bool      `json:"spent,omitempty"`

	// Of this server's life only.
	presented, live, most int
}

// book keeps consents and refresh tokens: in memory, and on disk before anybody
// learns of a change.
type book struct {
	now    func() time.Time
	random func() (string, error) // a fresh text of high entropy
	disk   *disk                  // nil: memory only

	mu       sync.Mutex
	records  []record
	tickets  []ticket
	codes    []code
	nonces   map[string]bool
	latest   map[pair]int   // number of the newest consent
	byValue  map[string]int // number of a refresh token
	byCode   map[string]int // number of a code
	counters Counters
}

// change is what one step writes: all of it or nothing.
type change struct {
	records []record
	tickets []ticket
	codes   []code
	nonces  []nonce
	keys    []key
}

// newBook begins with what the disk holds.
func newBook(d *disk, kept change, now func() time.Time, random func() (string, error)) *book {
	b := &book{
		now: now, random: random, disk: d,
		nonces: map[string]bool{}, latest: map[pair]int{}, byValue: map[string]int{}, byCode: map[string]int{},
	}
	b.apply(kept)
	return b
}

// save writes the change to disk, and only then shows it.
func (b *book) save(c change) error {
	if err := b.disk.save(c); err != nil {
		return err
	}
	b.apply(c)
	return nil
}

func (b *book) apply(c change) {
	for _, r := range c.records {
		if r.Number == len(b.records) {
			b.records = append(b.records, r)
		}
		b.records[r.Number] = r
		b.latest[pair{r.Client, r.Merchant}] = max(r.Number, b.latest[pair{r.Client, r.Merchant}])
	}
	for _, t := range c.tickets {
		if t.Number == len(b.tickets) {
			b.tickets = append(b.tickets, t)
		}
		b.tickets[t.Number] = t
		b.byValue[t.Value] = t.Number
	}
	for _, issued := range c.codes {
		if issued.Number == len(b.codes) {
			b.codes = append(b.codes, issued)
		}
		b.codes[issued.Number] = issued
		b.byCode[issued.Value] = issued.Number
	}
	for _, seen := range c.nonces {
		b.nonces[seen.Value] = true
	}
}

// given is what a merchant has said yes to.
type given struct{ merchant, scope, verifier string }

// grant records a consent that no code was exchanged for.
func (b *book) grant(client Client, merchant string) (Consent, error) {
	value, err := b.random()
	if err != nil {
		return Consent{}, err
	}
	verifier, err := b.random()
	if err != nil {
		return Consent{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	c := b.consented(client, given{merchant: merchant, scope: consentScope, verifier: verifier}, value, now)
	if err := b.save(c); err != nil {
		return Consent{}, err
	}
	r := c.records[0]
	return Consent{
		Client: r.Client, Merchant: r.Merchant, At: now,
		RefreshToken: token.NewSecret(value), CodeVerifier: token.NewSecret(verifier),
		Scope: r.Scope, Subject: r.Subject, Issuer: MerchantIssuer,
	}, nil
}

// consented is a new consent with its first refresh token. It ends the older
// consent of a OneTime client.
func (b *book) consented(client Client, g given, value string, now time.Time) change {
	r := record{
		Number: len(b.records), Client: client.ID, Merchant: g.merchant, Subject: subjectOf(g.merchant),
		Scope: g.scope, Verifier: g.verifier, At: now, Newest: len(b.tickets),
	}
	c := change{
		records: []record{r},
		tickets: []ticket{{Number: r.Newest, Consent: r.Number, Value: value, Issued: now, Expires: now.Add(client.ConsentLifetime)}},
	}
	before, ok := b.latest[pair{client.ID, g.merchant}]
	if ok && client.RefreshTokens == OneTime && b.records[before].Ended == "" {
		older := b.records[before]
		older.Ended = EndedByConsent
		c.records = append(c.records, older)
	}
	return c
}

// revoke ends every consent of the pair.
func (b *book) revoke(p pair) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var c change
	for _, r := range b.records {
		if r.Client == p.client && r.Merchant == p.merchant && r.Ended == "" {
			r.Ended = EndedByMerchant
			c.records = append(c.records, r)
		}
	}
	if len(c.records) == 0 {
		return errNoConsent
	}
	return b.save(c)
}

// renounce ends the consent of a client's own live refresh token (RFC 7009).
// Any other token changes nothing.
func (b *book) renounce(clientID, value string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	number, known := b.byValue[value]
	if !known || b.tickets[number].Spent {
		return nil
	}
	r := b.records[b.tickets[number].Consent]
	if r.Client != clientID || r.Ended != "" {
		return nil
	}
	r.Ended = EndedByClient
	return b.save(change{records: []record{r}})
}
