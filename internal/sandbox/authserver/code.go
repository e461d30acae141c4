package authserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"token-refresher/internal/token"
)

// codeLifetime is what an authorization code lives. A person waits through it,
// so that it is not scaled with the sandbox's speed.
const codeLifetime = 5 * time.Minute

// code is an authorization code as it is kept.
type code struct {
	Number      int       `json:"number"`
	Value       string    `json:"value"`
	Client      string    `json:"client"`
	Merchant    string    `json:"merchant"`
	RedirectURI string    `json:"redirect_uri"`
	Challenge   string    `json:"challenge"`
	Nonce       string    `json:"nonce"`
	Scope       string    `json:"scope"`
	Issued      time.Time `json:"issued"`
	Spent       bool      `json:"spent,omitempty"`
	// Consent is the number of what it was exchanged for, plus one; 0: nothing.
	Consent int `json:"consent,omitempty"`

	// Of this server's life only.
	presented int
}

// nonce is one that was in an authorize request.
type nonce struct {
	Number int    `json:"number"`
	Value  string `json:"value"`
}

// Code is an authorization code that the server has issued.
type Code struct {
	Client, Merchant string
	Value            token.Secret
	Issued, Expires  time.Time
	Presented        int  // how often, since the server was made, whatever fault it met
	Exchanged        bool // tokens were issued for it
}

// Codes returns every code ever issued, oldest first.
func (s *Server) Codes() []Code {
	b := s.consents
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Code, 0, len(b.codes))
	for _, c := range b.codes {
		all = append(all, Code{
			Client: c.Client, Merchant: c.Merchant, Value: token.NewSecret(c.Value), Issued: c.Issued,
			Expires: c.Issued.Add(codeLifetime), Presented: c.presented, Exchanged: c.Consent != 0,
		})
	}
	return all
}

// see records a nonce; it is false for one that was seen before.
func (b *book) see(value string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.nonces[value] {
		return false, nil
	}
	return true, b.save(change{nonces: []nonce{{Number: len(b.nonces), Value: value}}})
}

// issueCode records a code for what the merchant said yes to, and returns it
// with the merchant's subject.
func (b *book) issueCode(a authorization) (token.Secret, string, error) {
	value, err := b.random()
	if err != nil {
		return token.Secret{}, "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	err = b.save(change{codes: []code{{
		Number: len(b.codes), Value: value, Client: a.client.ID, Merchant: a.merchant, RedirectURI: a.redirectURI,
		Challenge: a.challenge, Nonce: a.nonce, Scope: a.scope, Issued: b.now(),
	}}})
	return token.NewSecret(value), subjectOf(a.merchant), err
}

// presentCode records that a request brings a code.
func (b *book) presentCode(value string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if number, known := b.byCode[value]; known {
		b.codes[number].presented++
	}
}

// presentation is a code as a client brings it.
type presentation struct{ code, redirectURI, verifier string }

// exchange uses a code for a new consent; it is false if the code is refused. As
// with the real server the right client has one try, good or bad; a second one
// also ends the consent that came of the first. An error means that nothing
// happened.
func (b *book) exchange(client Client, p presentation) (obtained, bool, error) {
	first, err := b.random()
	if err != nil {
		return obtained{}, false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	number, known := b.byCode[p.code]
	if !known || b.codes[number].Client != client.ID {
		b.counters.UnknownCodes++
		return obtained{}, false, nil
	}
	used := b.codes[number]
	if used.Spent {
		b.counters.Replays++
		return obtained{}, false, b.save(change{records: b.replayed(used)})
	}
	used.Spent = true
	now := b.now()
	if !now.Before(used.Issued.Add(codeLifetime)) || p.redirectURI != used.RedirectURI || !proves(p.verifier, used.Challenge) {
		b.counters.BadCodes++
		return obtained{}, false, b.save(change{codes: []code{used}})
	}
	c := b.consented(client, given{merchant: used.Merchant, scope: used.Scope, verifier: p.verifier}, first, now)
	used.Consent = len(b.records) + 1
	c.codes = []code{used}
	if err := b.save(c); err != nil {
		return obtained{}, false, err
	}
	b.counters.Exchanged++
	return obtained{record: c.records[0], value: first, nonce: used.Nonce}, true, nil
}

// replayed is the consent that came of a code which is presented again, ended.
func (b *book) replayed(c code) []record {
	if c.Consent == 0 {
		return nil
	}
	r := b.records[c.Consent-1]
	if r.Ended == "" {
		r.Ended = EndedByReplay
	}
	return []record{r}
}

// proves reports whether the verifier belongs to the challenge (RFC 7636
// section 4.6).
func proves(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(encode(sum[:])), []byte(challenge)) == 1
}

// subjectOf is the pseudonym that ID tokens name a merchant by.
func subjectOf(merchant string) string {
	sum := sha256.Sum256([]byte("subject " + merchant))
	return hex.EncodeToString(sum[:subjectBytes])
}
