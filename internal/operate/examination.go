package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// Check is one thing that was looked at, in a sentence with what to do.
type Check struct {
	Name    string     `json:"name"`
	State   CheckState `json:"state"`
	Message string     `json:"message"`
}

// CheckState says whether somebody has to do something.
type CheckState string

// The states of a check.
const (
	CheckOK      CheckState = "ok"
	CheckWarning CheckState = "warning" // it works, and may not for long
	CheckProblem CheckState = "problem"
	CheckSkipped CheckState = "skipped" // there was nothing to look at
)

// Diagnosis is what an examination found, in the order in which one thing needs
// another.
type Diagnosis struct {
	Checks []Check `json:"checks"`
}

// Examination is what looking for faults needs beyond the rest. Every field is
// needed but InviteKey.
type Examination struct {
	// Providers looks at the providers of clients, without their secrets.
	Providers func(ctx context.Context, clients []token.Credentials) Providers

	// SealingKey and InviteKey read a key anew, and seal and open something with
	// it. InviteKey is nil where there are no consent pages.
	SealingKey, InviteKey func(context.Context) error

	Journal interface {
		// Due and Unpublished nominate entries; Swap of a note is conditional.
		Due(ctx context.Context, now time.Time, limit int) ([]token.ID, error)
		Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error)
		SwapNote(ctx context.Context, key string, value []byte, version string) (string, error)
	}
	Labels func(ctx context.Context, id token.ID) (token.Labels, error)

	ReconcileInterval time.Duration
	WritesPerSecond   int // of one instance into Secrets Manager
}

// Providers is what a look at providers found.
type Providers struct {
	Failed     map[string]error // by client: why its provider is of no use to it
	Discovered int              // clients whose provider's document says what it should
	Clock      time.Duration    // how far a provider's clock is ahead of ours, at most
	Told       bool             // a provider told its time at all
}

func (x Examination) check() error {
	switch {
	case x.Providers == nil, x.SealingKey == nil, x.Journal == nil, x.Labels == nil:
		return errors.New("operate: Providers, SealingKey, Journal and Labels are needed to examine")
	case x.ReconcileInterval <= 0, x.WritesPerSecond <= 0:
		return errors.New("operate: ReconcileInterval and WritesPerSecond must be positive")
	}
	return nil
}

// One check may take that long, and no more than a third of what is left of the
// invocation: whatever hangs, there is an answer that says so.
const (
	checkTimeout = 40 * time.Second
	checkShare   = 3
)

// Examine looks for what is wrong with the deployment: everything is read as an
// operator's actions would read it, nothing is changed, and no message holds a
// secret.
func (o *Operator) Examine(ctx context.Context) Diagnosis {
	x := &examiner{Operator: o, now: time.Now()}
	var diagnosis Diagnosis
	for _, check := range []struct {
		name string
		look func(context.Context) finding
	}{
		{"credentials", x.credentials},
		{"permissions", x.permissions},
		{"discovery", x.discovery},
		{"clock", x.clock},
		{"journal", x.journal},
		{"sealing-key", x.sealingKey},
		{"invite-key", x.inviteKey},
		{"schedule", x.schedule},
		{"quota", x.quota},
	} {
		limit := checkTimeout
		if deadline, limited := ctx.Deadline(); limited {
			limit = min(limit, time.Until(deadline)/checkShare)
		}
		limited, cancel := context.WithTimeout(ctx, limit)
		found := check.look(limited)
		cancel()
		diagnosis.Checks = append(diagnosis.Checks, Check{Name: check.name, State: found.state, Message: found.message})
	}
	return diagnosis
}

// examiner remembers what earlier checks found for later ones.
type examiner struct {
	*Operator
	now       time.Time
	clients   []client // whose credentials can be used
	grants    []token.Listed
	grantsErr error // why secrets could not be listed
	providers Providers
	ledger    *ledger // of the journal; nil if it cannot be read
}

// client is a client whose credentials can be used.
type client struct {
	credentials token.Credentials
	storedAt    time.Time // when its credentials were
	grants      bool      // merchants consent to it
}

// finding is what one check found.
type finding struct {
	state   CheckState
	message string
}

func well(format string, args ...any) finding { return finding{CheckOK, fmt.Sprintf(format, args...)} }

func warning(format string, args ...any) finding {
	return finding{CheckWarning, fmt.Sprintf(format, args...)}
}

func problem(format string, args ...any) finding {
	return finding{CheckProblem, fmt.Sprintf(format, args...)}
}

func skipped(message string) finding { return finding{CheckSkipped, message} }

// maxFaults is how many faults one message names.
const maxFaults = 5

// several joins faults to what fits into a message.
func several(faults []string) string {
	text := strings.Join(faults[:min(len(faults), maxFaults)], "; ")
	if more := len(faults) - maxFaults; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return strings.ReplaceAll(text, "\n", ", ")
}

// said is an error in a sentence.
func said(err error) string { return strings.ReplaceAll(err.Error(), "\n", ", ") }

// span is a duration as people say it: no finer than it matters.
func span(d time.Duration) time.Duration {
	if d = d.Abs(); d > time.Hour {
		return d.Round(time.Minute)
	}
	return d.Round(time.Second)
}
