package statuspage

import (
	"cmp"
	"slices"
	"strings"
)

// trouble says how much a token needs somebody to look at it.
type trouble int

const (
	gone  trouble = iota // removed by command: nobody waits for it
	fine                 // usable, and renewed in time
	shaky                // usable, but the last attempts to renew it failed
	lost                 // of no use until something changes
)

func (t Token) trouble() trouble {
	switch t.State {
	case StateRemoved:
		return gone
	case StateFresh, StateDue, StateHeld, StateIdle:
		if t.Problem != "" {
			return shaky
		}
		return fine
	default:
		return lost
	}
}

// client is the name of the token's client.
func (t Token) client() string {
	name, _, _ := strings.Cut(t.ID, "/")
	return name
}

// arranged is the view as it is shown: trouble first, then by name, so that
// nothing moves while all is well; and every list there, empty or not, so that
// the page never asks whether there is one.
func (v View) arranged() View {
	v.Clients = append([]Client{}, v.Clients...)
	v.Tokens = append([]Token{}, v.Tokens...)
	v.Faults = append([]Fault{}, v.Faults...)
	v.Sweeps = append([]Sweep{}, v.Sweeps...)
	for i := range v.Sweeps {
		v.Sweeps[i].Failures = append([]Failure{}, v.Sweeps[i].Failures...)
	}
	worst := map[string]trouble{}
	for _, t := range v.Tokens {
		worst[t.client()] = max(worst[t.client()], t.trouble())
	}
	for _, c := range v.Clients {
		if c.Problem != "" {
			worst[c.Name] = lost
		}
	}
	slices.SortStableFunc(v.Clients, func(a, b Client) int {
		return cmp.Or(cmp.Compare(worst[b.Name], worst[a.Name]), cmp.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(v.Tokens, func(a, b Token) int {
		return cmp.Or(cmp.Compare(b.trouble(), a.trouble()), cmp.Compare(a.ID, b.ID))
	})
	return v
}
