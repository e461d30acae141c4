package authserver

import (
	"maps"
	"slices"
	"sync"
	"time"

	"token-refresher/internal/token"
)

// Issued is one access token that left the server, or would have if a fault
// had not lost it on the way.
type Issued struct {
	// Client is the OAuth client id.
	Client string
	// Merchant is the VAT or serial number that was asked for; empty for a
	// token bound to no merchant.
	Merchant string
	At       time.Time
	Token    token.Secret
}

// Issued returns every access token issued so far, oldest first. Nothing is
// ever dropped: a long run pays for it with memory.
func (s *Server) Issued() []Issued {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return slices.Clone(s.ledger.issued)
}

// Calls returns the number of token and revocation requests per client id, as claimed in the
// request, refused ones and faulty ones included. Requests that name no client
// are under "".
func (s *Server) Calls() map[string]int {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return maps.Clone(s.ledger.calls)
}

// InFlight returns how many token requests are being served at this moment,
// and the most there have been at once.
func (s *Server) InFlight() (now, most int) {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return s.ledger.inFlight, s.ledger.most
}

// Secrets returns every secret value that the server knows or has issued:
// client secrets, subscription keys, access tokens, refresh tokens, codes and
// code verifiers. A test searches what was printed for them.
func (s *Server) Secrets() []token.Secret {
	var secrets []token.Secret
	for _, client := range s.clients.all() {
		secrets = append(secrets, client.Secret, client.SubscriptionKey)
	}
	secrets = append(secrets, s.consents.secrets()...)
	for _, issued := range s.Issued() {
		secrets = append(secrets, issued.Token)
	}
	return slices.DeleteFunc(secrets, token.Secret.Empty)
}

// ledger records what was asked and issued.
type ledger struct {
	mu       sync.Mutex
	issued   []Issued
	calls    map[string]int
	inFlight int
	most     int
}

func newLedger() *ledger { return &ledger{calls: map[string]int{}} }

// begin records a token request; the caller runs the returned function when it
// is over.
func (l *ledger) begin(client string) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[client]++
	l.inFlight++
	l.most = max(l.most, l.inFlight)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.inFlight--
	}
}

func (l *ledger) record(issued Issued) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.issued = append(l.issued, issued)
}
