package authserver

import (
	"time"

	"token-refresher/internal/token"
)

// Counters counts what became of refresh tokens that were presented, since the
// server was made.
type Counters struct {
	Refreshed   int // accepted
	Unknown     int // never issued, or to another client
	Stale       int // spent before: somebody lost the newer one, or two renew at once
	Ended       int // of a consent that has ended
	Expired     int // not used for 13 months
	BadVerifier int // without the code_verifier that the client's settings demand
	Overlaps    int // presented while another request with the same one was being served
	Revocations int // good requests of the revocation endpoint

	Exchanged    int // codes that were accepted
	UnknownCodes int // never issued, or to another client
	Replays      int // of codes that were presented before
	BadCodes     int // expired, or with another redirect_uri or verifier
}

// Counters returns the counters.
func (s *Server) Counters() Counters {
	s.consents.mu.Lock()
	defer s.consents.mu.Unlock()
	return s.consents.counters
}

// ConsentState is a consent as the server has it.
type ConsentState struct {
	Client, Merchant string
	At               time.Time
	Ended            End          // empty while it stands
	Newest           token.Secret // the only refresh token that is accepted, if it stands
	Refreshed        int          // how often it was refreshed
	Stale            int          // how often a refresh token of it was presented that was spent before
}

// Consents returns every consent ever given, oldest first.
func (s *Server) Consents() []ConsentState {
	b := s.consents
	b.mu.Lock()
	defer b.mu.Unlock()
	states := make([]ConsentState, 0, len(b.records))
	for _, r := range b.records {
		states = append(states, b.state(r))
	}
	return states
}

// Live returns the refresh token that the server accepts for the merchant's
// newest consent. A grant is lost if no store holds it. It is false if that
// consent has ended, or there is none.
func (s *Server) Live(clientID, merchant string) (token.Secret, bool) {
	b := s.consents
	b.mu.Lock()
	defer b.mu.Unlock()
	number, known := b.latest[pair{clientID, merchant}]
	if !known || b.records[number].Ended != "" {
		return token.Secret{}, false
	}
	newest := b.tickets[b.records[number].Newest]
	return token.NewSecret(newest.Value), b.now().Before(newest.Expires)
}

func (b *book) state(r record) ConsentState {
	return ConsentState{
		Client: r.Client, Merchant: r.Merchant, At: r.At, Ended: r.Ended,
		Newest: token.NewSecret(b.tickets[r.Newest].Value), Refreshed: r.Refreshed, Stale: r.Stale,
	}
}

// RefreshToken is one refresh token that the server has issued.
type RefreshToken struct {
	Client, Merchant string
	Value            token.Secret
	Issued, Expires  time.Time
	Spent            bool // another has taken its place
	Ended            End  // of its consent; empty while that stands
	Presented        int  // how often, since the server was made
	MostAtOnce       int  // in how many requests at one moment
}

// RefreshTokens returns every refresh token ever issued, oldest first. A request
// counts as live from its arrival until it is answered or given up, whatever
// fault it meets; one that meets Late goes on when its client has gone.
func (s *Server) RefreshTokens() []RefreshToken {
	b := s.consents
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]RefreshToken, 0, len(b.tickets))
	for _, t := range b.tickets {
		r := b.records[t.Consent]
		all = append(all, RefreshToken{
			Client: r.Client, Merchant: r.Merchant, Value: token.NewSecret(t.Value), Issued: t.Issued, Expires: t.Expires,
			Spent: t.Spent, Ended: r.Ended, Presented: t.presented, MostAtOnce: t.most,
		})
	}
	return all
}

// present records that a request brings a refresh token; the caller runs the
// returned function when the request is over.
func (b *book) present(value string) (end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	number, known := b.byValue[value]
	if !known {
		return func() {}
	}
	t := &b.tickets[number]
	t.presented++
	t.live++
	t.most = max(t.most, t.live)
	if t.live > 1 {
		b.counters.Overlaps++
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.tickets[number].live--
	}
}

// merchant returns whose refresh token or code this is, empty if nobody's.
func (b *book) merchant(value string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if number, known := b.byCode[value]; known {
		return b.codes[number].Merchant
	}
	number, known := b.byValue[value]
	if !known {
		return ""
	}
	return b.records[b.tickets[number].Consent].Merchant
}

// revoked counts a good revocation request.
func (b *book) revoked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counters.Revocations++
}

// secrets lists refresh tokens, codes and code verifiers.
func (b *book) secrets() []token.Secret {
	b.mu.Lock()
	defer b.mu.Unlock()
	var secrets []token.Secret
	for _, r := range b.records {
		secrets = append(secrets, token.NewSecret(r.Verifier))
	}
	for _, t := range b.tickets {
		secrets = append(secrets, token.NewSecret(t.Value))
	}
	for _, c := range b.codes {
		secrets = append(secrets, token.NewSecret(c.Value))
	}
	return secrets
}
