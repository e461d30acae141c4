package statuspage

import (
	"context"
	"time"

	"token-refresher/internal/token"
)

// Source says what the page shows. It is asked about once a second for every
// open page, from several goroutines.
type Source interface {
	View(ctx context.Context) (View, error)
}

// Switch turns a fault of a View on or off.
type Switch interface {
	SetFault(ctx context.Context, name string, on bool) error
}

// View is everything that the page shows at one moment. It holds no secret.
type View struct {
	Speed   int      `json:"speed"` // how many times faster than real time runs
	Clients []Client `json:"clients"`
	Tokens  []Token  `json:"tokens"`
	Sweeps  []Sweep  `json:"sweeps"` // oldest first
	Faults  []Fault  `json:"faults"`
}

// Client is one set of credentials.
type Client struct {
	Name      string          `json:"name"`
	GrantType token.GrantType `json:"grant_type"`
	Tokens    int             `json:"tokens"`            // how many tokens are promised for it
	Problem   string          `json:"problem,omitempty"` // why none can be asked for, or empty
}

// State is how a token is doing.
type State string

// The states of a token.
const (
	StateFresh      State = "fresh"      // not due yet
	StateDue        State = "due"        // the next sweep renews it
	StateHeld       State = "held"       // due, but its secret was written too recently
	StateExpired    State = "expired"    // of no use to anybody
	StateMissing    State = "missing"    // promised, never got
	StateUnreadable State = "unreadable" // there is something else, or it cannot be opened
	StateIdle       State = "idle"       // wanted by nobody: got when it is asked for

	// Of grants.
	StateConsentRequired State = "consent_required" // only the merchant can help
	StateParked          State = "parked"           // its secret was deleted
	StateRemoved         State = "removed"          // by command
)

// Token is what is known about one access token. Times that are not known are
// zero.
type Token struct {
	ID        string    `json:"id"`
	State     State     `json:"state"`
	Problem   string    `json:"problem,omitempty"` // what keeps it from being renewed
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	DueAt     time.Time `json:"due_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Version   string    `json:"version,omitempty"` // version id of the secret
	Outcome   string    `json:"outcome,omitempty"` // of the last attempt to renew it

	// Of grants: the revision that the journal holds, and the one that the
	// secret does, which is behind by up to the write interval.
	Revision          int64     `json:"revision,omitempty"`
	PublishedRevision int64     `json:"published_revision,omitempty"`
	ConsentedAt       time.Time `json:"consented_at,omitzero"`

	// Of grants in StateConsentRequired.
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason,omitempty"` // a word of the events (docs/contract.md)
}

// Sweep is the outcome of one sweep.
type Sweep struct {
	Function string        `json:"function"` // that swept
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took_ns"`
	Renewed  int           `json:"renewed"`
	NotDue   int           `json:"not_due"`
	Failures []Failure     `json:"failures"`
	Problem  string        `json:"problem,omitempty"` // why the sweep itself failed
}

// Failure is one token that a sweep could not renew.
type Failure struct {
	Token string `json:"token"`
	Error string `json:"error"`
}

// Fault is a misbehaviour of the provider that can be switched on.
type Fault struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	On      bool   `json:"on"`
}
