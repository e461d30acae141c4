package file_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"token-refresher/internal/journal/file"
	"token-refresher/internal/journal/journaltest"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// journalFile names the file of the child process in TestKill.
const journalFile = "JOURNAL_TEST_FILE"

// TestMain lets the test binary be the child that TestKill kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(journalFile); path != "" {
		fmt.Println(writeForever(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// oneKey is a key of the tests, sealing nothing real.
type oneKey struct{}

func (oneKey) Current(context.Context) (string, []byte, error) {
	return "v1", []byte("a key of the tests, sealing nothing real"), nil
}

func (oneKey) Version(context.Context, string) ([]byte, error) { return nil, seal.ErrUnknownKey }

// worker is whose entry a writing goroutine of the child changes.
func worker(n int) token.ID { return token.ID{Client: "pos", Merchant: fmt.Sprintf("DK%d", n)} }

// writeForever commits one answer after the other, and names each once it is
// acknowledged. It returns what failed.
func writeForever(path string) error {
	sealer, err := seal.New(seal.Config{Keys: oneKey{}})
	if err != nil {
		return err
	}
	j, err := file.Open(file.Config{Path: path, Seal: sealer})
	if err != nil {
		return err
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	failed := make(chan error, 4)
	for n := range cap(failed) {
		wg.Go(func() {
			entry := token.Entry{}
			for revision := int64(1); ; revision++ {
				next := journaltest.Answered(worker(n), revision)
				next.DueAt = next.CommittedAt
				stored, err := j.Swap(context.Background(), entry, next)
				if err != nil {
					failed <- err
					return
				}
				entry = stored
				out.Lock()
				fmt.Println(n, revision)
				out.Unlock()
			}
		})
	}
	return <-failed
}

// TestKill kills a writing process without warning, at different moments: every
// commit that was acknowledged is there, whole, and so is its place in the index.
func TestKill(t *testing.T) {
	t.Parallel()
	sealer, err := seal.New(seal.Config{Keys: oneKey{}})
	if err != nil {
		t.Fatalf("seal.New: %v", err)
	}
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "journal.db")
		told := writeAndKill(t, path, 30+50*round)
		j := openFile(t, path, journaltest.Options{Seal: sealer})
		for n, revision := range told {
			got, err := j.Get(t.Context(), worker(n))
			// One more commit may have been stored and not yet told.
			if err != nil || got.Sealed != nil || got.Revision < revision || got.Revision > revision+1 {
				t.Errorf("round %d: Get(%s) = revision %d, Sealed %v, %v, want %d or one more", round, worker(n), got.Revision, got.Sealed, err, revision)
			}
			if want := journaltest.Answered(worker(n), got.Revision).Grant.RefreshToken; !got.Grant.RefreshToken.Equal(want) {
				t.Errorf("round %d: %s has another revision's refresh token", round, worker(n))
			}
		}
		due, err := j.Due(t.Context(), journaltest.Answered(worker(0), 1).CommittedAt, 100)
		if err != nil || len(due) < len(told) || len(told) == 0 {
			t.Errorf("round %d: Due = %v, %v, want all %d", round, due, err, len(told))
		}
	}
}

// writeAndKill runs the child until it has told that many commits, and returns
// the last revision told of each worker.
func writeAndKill(t *testing.T, path string, commits int) map[int]int64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), journalFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting the child: %v", err)
	}
	told := map[int]int64{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var n int
		var revision int64
		if _, err := fmt.Sscan(lines.Text(), &n, &revision); err != nil {
			if commits > 0 {
				t.Errorf("the child says %q", lines.Text())
			}
			break // the last line may be cut
		}
		told[n] = revision
		if commits--; commits == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatalf("killing the child: %v", err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || commits > 0 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return told
}
