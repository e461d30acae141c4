package moto

import (
	"strings"
	"testing"
)

// A Clause is one thing that the system relies on at AWS: what happens with a
// subject, in few words.
type Clause[S any] struct {
	Name string
	Do   func(t *testing.T, s S) string
	Want string // empty if moto deviates
	Key  Key    // of the deviation
}

// A Contract holds our emulator of one service and moto to the same clauses.
type Contract[S any] struct {
	Service string // as in IAM
	Clauses []Clause[S]

	// Emulator makes the subject of a clause from our emulator, and Moto from
	// moto's endpoint.
	Emulator func(t *testing.T, c Clause[S]) S
	Moto     func(t *testing.T, endpoint string, c Clause[S]) S
}

// Hold tests both. Where moto deviates, it must deviate just so.
func (c Contract[S]) Hold(t *testing.T) {
	deviations := make(map[Key]Deviation)
	for _, d := range Deviations {
		deviations[d.Key] = d
	}
	t.Run("emulator", func(t *testing.T) {
		t.Parallel()
		for _, clause := range c.Clauses {
			t.Run(clause.Name, func(t *testing.T) {
				t.Parallel()
				clause.hold(t, c.Emulator(t, clause), clause.Want+deviations[clause.Key].AWS)
			})
		}
	})
	t.Run("moto", func(t *testing.T) {
		t.Parallel()
		endpoint := Start(t)
		for _, clause := range c.Clauses {
			// One by one: moto's store is not safe for concurrent use.
			t.Run(clause.Name, func(t *testing.T) {
				clause.hold(t, c.Moto(t, endpoint, clause), clause.Want+deviations[clause.Key].Moto)
			})
		}
	})
}

func (c Clause[S]) hold(t *testing.T, s S, want string) {
	t.Helper()
	if got := c.Do(t, s); got != want {
		t.Errorf("outcome %q, want %q", got, want)
	}
}

// MeetsDeviations tests that every deviation of the service on the list is met by
// a clause, so that none outlives moto's change of mind.
func (c Contract[S]) MeetsDeviations(t *testing.T) {
	t.Helper()
	met := make(map[Key]bool)
	for _, clause := range c.Clauses {
		met[clause.Key] = true
		if (clause.Want == "") == (clause.Key == "") {
			t.Errorf("clause %q needs either an outcome or a deviation", clause.Name)
		}
	}
	for _, d := range Deviations {
		if strings.HasPrefix(d.Operation, c.Service+":") && !met[d.Key] {
			t.Errorf("deviation %q is on the list and met by no clause", d.Key)
		}
		if d.AWS == d.Moto || d.AWS == "" || d.Moto == "" {
			t.Errorf("deviation %q does not say two different outcomes", d.Key)
		}
	}
}
