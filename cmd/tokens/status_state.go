package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/operate"
)

// stateNames are the states of a token, those that need somebody first.
func stateNames() []string {
	var names []string
	for _, state := range states() {
		names = append(names, string(state))
	}
	return names
}

// states are sorted by how soon somebody has to look.
func states() []operate.State {
	return []operate.State{
		operate.StateUnreadable, operate.StateConsentRequired, operate.StateExpired, operate.StateMissing,
		operate.StateDue, operate.StateHeld, operate.StateParked, operate.StateFresh, operate.StateIdle, operate.StateRemoved,
	}
}

// firstCalm is the first of the states that need nobody.
const firstCalm = operate.StateDue

// rank is the place of a token among the others: trouble first. A state that
// this version does not know is trouble.
func rank(t operate.Token) int {
	place := slices.Index(states(), t.State)
	if calm := slices.Index(states(), firstCalm); t.Problem != "" && place >= calm {
		return calm - 1 // the last of those in trouble
	}
	return place
}

// inTrouble reports whether somebody has to look at a token.
func inTrouble(t operate.Token) bool { return rank(t) < slices.Index(states(), firstCalm) }

// byTrouble sorts tokens: by rank, then by what is left of their lives.
func byTrouble(a, b operate.Token) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.ExpiresAt.Compare(b.ExpiresAt), strings.Compare(a.ID, b.ID))
}

// words is a state as people say it.
func words(state operate.State) string { return strings.ReplaceAll(printable(string(state)), "_", " ") }

func stateColor(t operate.Token) color {
	switch {
	case inTrouble(t) && t.Problem != "" && slices.Index(states(), t.State) >= slices.Index(states(), firstCalm):
		return yellow // of use still
	case inTrouble(t):
		return red
	case t.State == operate.StateFresh:
		return green
	case t.State == operate.StateDue, t.State == operate.StateHeld:
		return yellow
	default:
		return faint
	}
}

// left is the share of its life that a token has left.
func left(t operate.Token, now time.Time) float64 {
	life := t.ExpiresAt.Sub(t.IssuedAt)
	if t.ExpiresAt.IsZero() || t.IssuedAt.IsZero() || life <= 0 {
		return 0
	}
	return min(max(float64(t.ExpiresAt.Sub(now))/float64(life), 0), 1)
}

// note is what there is to say of a token beside its state, with what to do.
func note(t operate.Token, now time.Time) string {
	switch {
	case t.State == operate.StateConsentRequired:
		text := words(operate.State(t.Reason))
		if !t.Since.IsZero() {
			text += " " + ago(t.Since, now)
		}
		return strings.TrimSpace(text + ": send the merchant a link, tokens invite " + printable(t.ID))
	case t.Problem != "":
		return printable(t.Problem)
	case t.State == operate.StateMissing:
		return "the next sweep gets it"
	default:
		return ""
	}
}

// ago writes when something was, seen from now.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return short(now.Sub(at)) + " ago"
}
