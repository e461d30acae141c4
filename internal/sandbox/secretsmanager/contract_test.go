package secretsmanager_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/sandbox/secretsmanager"
)

// A subject is one Secrets Manager under the contract: ours, or moto's.
type subject struct {
	*sm.Client
	name string // of a secret that this case has for itself
}

// A clause is one thing that the system relies on: what happens, in few words.
type clause struct {
	name string
	do   func(t *testing.T, s subject) string
	want string   // empty if moto deviates
	key  moto.Key // of the deviation
	free bool     // without rates, which would come first
}

// TestContract holds our emulator and moto to the same clauses. Where moto
// deviates, it must deviate just so.
func TestContract(t *testing.T) {
	t.Parallel()
	deviations := make(map[moto.Key]moto.Deviation)
	for _, d := range moto.Deviations {
		deviations[d.Key] = d
	}
	clauses := slices.Concat(readClauses, writeClauses, deletionClauses, limitClauses, listClauses)
	t.Run("emulator", func(t *testing.T) {
		t.Parallel()
		for _, c := range clauses {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				// Time stands still, so that rates do not depend on the machine.
				now := time.Now()
				e := start(t, func(config *secretsmanager.Config) {
					config.Now, config.Unthrottled = func() time.Time { return now }, c.free
				})
				hold(t, c, e.Client, c.want+deviations[c.key].AWS)
			})
		}
	})
	t.Run("moto", func(t *testing.T) {
		t.Parallel()
		endpoint := moto.Start(t)
		for _, c := range clauses {
			// One by one: moto's store is not safe for concurrent use.
			t.Run(c.name, func(t *testing.T) {
				hold(t, c, client(endpoint), c.want+deviations[c.key].Moto)
			})
		}
	})
}

func hold(t *testing.T, c clause, client *sm.Client, want string) {
	t.Helper()
	s := subject{Client: client, name: "contract/" + strings.ReplaceAll(c.name, " ", "-") + "/s"}
	if got := c.do(t, s); got != want {
		t.Errorf("outcome %q, want %q", got, want)
	}
}

// TestDeviationsAreHeld: every deviation on the list is met by a clause, so that
// none outlives moto's change of mind.
func TestDeviationsAreHeld(t *testing.T) {
	t.Parallel()
	held := make(map[moto.Key]bool)
	for _, c := range slices.Concat(readClauses, writeClauses, deletionClauses, limitClauses, listClauses) {
		held[c.key] = true
		if (c.want == "") == (c.key == "") {
			t.Errorf("clause %q needs either an outcome or a deviation", c.name)
		}
	}
	for _, d := range moto.Deviations {
		if strings.HasPrefix(d.Operation, "secretsmanager:") && !held[d.Key] {
			t.Errorf("deviation %q is on the list and met by no clause", d.Key)
		}
		if d.AWS == d.Moto || d.AWS == "" || d.Moto == "" {
			t.Errorf("deviation %q does not say two different outcomes", d.Key)
		}
	}
}
