package sandboxtest

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// stateFile names, in the environment, the state file of the process that
// [WriteAndKill] kills.
const stateFile = "SANDBOXTEST_STATE_FILE"

// workers is how many calls the process makes at a time.
const workers = 4

// A Write is one call of a worker, by its number from 0, and what it writes to.
type Write func(worker, n int) (name string, call *http.Request)

// Main is for TestMain: it lets the test binary be the process that
// [WriteAndKill] kills, which writes for ever and tells each write once it is
// acknowledged.
func Main[S Server](m *testing.M, open func(path string) (S, error), write Write) {
	path := os.Getenv(stateFile)
	if path == "" {
		os.Exit(m.Run())
	}
	server, err := open(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for n := 0; ; n++ {
				name, call := write(worker, n)
				w := httptest.NewRecorder()
				server.ServeHTTP(w, call)
				out.Lock()
				fmt.Println(w.Code, name, n)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// WriteAndKill runs the process of [Main] on a state file until it has told that
// many writes, kills it without warning, and returns the last number told for
// each name. One more write of each may have been committed and not yet told.
func WriteAndKill(t *testing.T, path string, writes int) map[string]int {
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
		if code != http.StatusOK {
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
