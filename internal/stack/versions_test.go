package stack_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/lambda"
)

// beforeConsent is the last commit whose programs knew neither consent nor
// removal. It stands for the older version until a release has a tag.
const beforeConsent = "e74708b395f63c21bebb87356ac3eac8d7bbf71a"

// TestTwoVersionsShareATable lets the refresh function of an older version and
// this one sweep over the same journal at the same time, as they do during a
// deployment and after a rollback: no spent token is presented, no grant lost,
// and what only the newer one writes into a row survives the older one.
func TestTwoVersionsShareATable(t *testing.T) {
	t.Parallel()
	old := buildOlder(t)
	backend := &emulators{}
	backend.start(t)
	r := newRig(t, backend)
	r.register(t, authserver.Client{ID: shortClient, MerchantLifetime: 2 * time.Second})
	r.credentials(t, shortClient, consented, map[string]any{"refresh": "always"})
	for _, merchant := range shortMerchants() {
		r.consent(t, shortClient, merchant)
	}
	r.addPaced(t, "older", filepath.Join(old, "refresh", "bootstrap"))
	r.addPaced(t, "newer", bootstraps(t)["GrantsFunction"])
	replay := r.takeConsent(t, shortClient, "FI12345678")

	enough := 2 * len(r.provider.Consents())
	var sweeping sync.WaitGroup
	for _, function := range []string{"older", "newer"} {
		sweeping.Go(func() {
			begun := time.Now()
			for time.Since(begun) < 5*time.Second || r.provider.Counters().Refreshed < enough && time.Since(begun) < 2*time.Minute {
				r.sweepCleanly(t, function)
			}
		})
	}
	sweeping.Wait()

	counted := r.provider.Counters()
	if counted.Stale+counted.Ended+counted.Unknown+counted.Overlaps > 0 {
		t.Errorf("the provider saw spent or unknown tokens: %+v", counted)
	}
	if counted.Refreshed < enough {
		t.Errorf("%d refreshes, want %d or more", counted.Refreshed, enough)
	}
	if again := replay(); again.StatusCode != http.StatusSeeOther || r.provider.Counters().Exchanged != 1 {
		t.Errorf("the repeated callback answers %d after %d exchanges, want what it answered first, and 1",
			again.StatusCode, r.provider.Counters().Exchanged)
	}
}

// addPaced adds a refresh function at thirty times the pace: a renewal is then
// due in nearly every sweep.
func (r *rig) addPaced(t *testing.T, name, program string) {
	t.Helper()
	environment := append(r.environment(t, "GrantsFunction", r.endpoint),
		"SWEEP_INTERVAL=200ms", "RECONCILE_INTERVAL=1s", "SECRET_WRITE_INTERVAL=32s", "SECRET_WRITES_PER_SECOND=1000")
	if err := r.AddFunction(lambda.Function{
		Name: name, Command: program, Env: environment, Timeout: 2 * time.Minute, MemoryMB: 512, MaxInstances: 1, Log: r.log,
	}); err != nil {
		t.Fatalf("AddFunction: %v", err)
	}
}

// sweepCleanly runs a sweep that must not fail in anything.
func (r *rig) sweepCleanly(t *testing.T, function string) {
	t.Helper()
	var answer struct {
		Failed          []any `json:"failed"`
		ConsentRequired []any `json:"consent_required"`
	}
	r.invoke(t, function, []byte(`{"action":"sweep"}`), &answer)
	if len(answer.Failed)+len(answer.ConsentRequired) > 0 {
		t.Errorf("%s: failed %v, consent required %v", function, answer.Failed, answer.ConsentRequired)
	}
}

// buildOlder builds the functions of the older version. A copy of the tree and a
// shallow clone have no history to take it from: there the test is skipped.
func buildOlder(t *testing.T) (dir string) {
	t.Helper()
	commit := beforeConsent
	if tag, err := exec.Command("git", "describe", "--tags", "--abbrev=0").Output(); err == nil {
		commit = strings.TrimSpace(string(tag))
	}
	if err := exec.Command("git", "cat-file", "-e", commit+"^{commit}").Run(); err != nil {
		t.Skipf("SKIPPED: no older version in the history of this tree (%s)", commit)
	}
	tree, built := t.TempDir(), t.TempDir()
	archive := exec.CommandContext(t.Context(), "git", "archive", "--format=tar", "--output", filepath.Join(tree, "tree.tar"), commit)
	archive.Dir = "../.."
	unpack := exec.CommandContext(t.Context(), "tar", "-xf", "tree.tar")
	unpack.Dir = tree
	for _, command := range []*exec.Cmd{archive, unpack} {
		command.Env = os.Environ()
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, text)
		}
	}
	if err := buildFunctions(tree, built, ""); err != nil {
		t.Fatalf("the older version: %v", err)
	}
	return built
}
