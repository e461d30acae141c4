package secretsmanager_test

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"token-refresher/internal/sandbox/secretsmanager"
)

// stateFile names the file of the child process in TestKill.
const stateFile = "SECRETSMANAGER_TEST_STATE_FILE"

// TestMain lets the test binary be the child that TestKill kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(stateFile); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever puts values, and names each once it is acknowledged.
func writeForever(path string) {
	server, err := secretsmanager.Open(secretsmanager.Config{Path: path, Unthrottled: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("s%d-%d", worker, n/50)
				operation, id := "PutSecretValue", "SecretId"
				if n%50 == 0 {
					operation, id = "CreateSecret", "Name"
				}
				w := httptest.NewRecorder()
				body := fmt.Sprintf(`{%q:%q,"SecretString":"%d","ClientRequestToken":%q}`, id, name, n, token(fmt.Sprint(n)))
				server.ServeHTTP(w, request("POST", "secretsmanager."+operation, body))
				out.Lock()
				fmt.Println(w.Code, name, n)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKill kills a writing process without warning, at several moments: the file
// opens, and every write that was acknowledged is there.
func TestKill(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "state.db")
		acknowledged := writeAndKill(t, path, 40+60*round)
		e := start(t, func(c *secretsmanager.Config) { c.Path = path })
		for name, want := range acknowledged {
			// One more write may have been committed and not yet told.
			if got := e.value(t, name); got != fmt.Sprint(want) && got != fmt.Sprint(want+1) {
				t.Errorf("round %d: value of %s = %s, want %d, which was acknowledged", round, name, got, want)
			}
		}
	}
}

// writeAndKill runs the child until it has told that many writes, and returns
// the last number told for each secret.
func writeAndKill(t *testing.T, path string, writes int) map[string]int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), stateFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting the child: %v", err)
	}
	told := make(map[string]int)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var code, n int
		var name string
		if _, err := fmt.Sscan(lines.Text(), &code, &name, &n); err != nil {
			break // the last line may be cut
		}
		if code != 200 || !strings.HasPrefix(name, "s") {
			t.Errorf("the child says %q", lines.Text())
		}
		told[name] = n
		if writes--; writes == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatalf("killing the child: %v", err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || writes > 0 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return told
}
