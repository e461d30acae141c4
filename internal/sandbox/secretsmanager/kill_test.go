package secretsmanager_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

func TestMain(m *testing.M) {
	sandboxtest.Main(m, func(path string) (*secretsmanager.Server, error) {
		return secretsmanager.Open(secretsmanager.Config{Path: path, Unthrottled: true})
	}, write)
}

// write puts a value that is its number; every 50th makes a secret for those
// that follow.
func write(worker, n int) (string, *http.Request) {
	name := fmt.Sprintf("s%d-%d", worker, n/50)
	operation, id := "PutSecretValue", "SecretId"
	if n%50 == 0 {
		operation, id = "CreateSecret", "Name"
	}
	body := fmt.Sprintf(`{%q:%q,"SecretString":"%d","ClientRequestToken":%q}`, id, name, n, token(fmt.Sprint(n)))
	return name, sandboxtest.Request("POST", "secretsmanager."+operation, body)
}

// TestKill kills a writing process without warning, at several moments: the file
// opens, and every write that was acknowledged is there.
func TestKill(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "state.db")
		acknowledged := sandboxtest.WriteAndKill(t, path, 40+60*round)
		e := start(t, func(c *secretsmanager.Config) { c.Path = path })
		for name, want := range acknowledged {
			// One more write may have been committed and not yet told.
			if got := e.value(t, name); got != fmt.Sprint(want) && got != fmt.Sprint(want+1) {
				t.Errorf("round %d: value of %s = %s, want %d, which was acknowledged", round, name, got, want)
			}
		}
	}
}
