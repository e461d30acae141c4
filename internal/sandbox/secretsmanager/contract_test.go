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

type clause = moto.Clause[subject]

func contract() moto.Contract[subject] {
	at := func(c clause, client *sm.Client) subject {
		return subject{Client: client, name: "contract/" + strings.ReplaceAll(c.Name, " ", "-") + "/s"}
	}
	return moto.Contract[subject]{
		Service: "secretsmanager",
		Clauses: slices.Concat(readClauses, writeClauses, deletionClauses, limitClauses, listClauses),
		Emulator: func(t *testing.T, c clause) subject {
			t.Helper()
			// Time stands still, so that rates do not depend on the machine. The
			// one clause with more writes than a rate allows goes without rates,
			// which would come first.
			now := time.Now()
			e := start(t, func(config *secretsmanager.Config) {
				config.Now, config.Unthrottled = func() time.Time { return now }, c.Key == moto.VersionQuota
			})
			return at(c, e.Client)
		},
		Moto: func(t *testing.T, endpoint string, c clause) subject {
			t.Helper()
			return at(c, client(endpoint))
		},
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	contract().Hold(t)
}

func TestDeviationsAreHeld(t *testing.T) {
	t.Parallel()
	contract().MeetsDeviations(t)
}
