package journaltest

import "testing"

type opener = func(t *testing.T, o Options) Backend

// part is one statement of the contract.
type part struct {
	name string
	test func(*testing.T, opener)
}

func parts() []part { return nil }
