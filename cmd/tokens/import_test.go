package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

const (
	manyGrants  = 10_000
	importSpeed = 60 // of the sandbox: 50 writes a second become 3000
)

// bulk is an import of many grants into a Secrets Manager with its limits
// scaled.
type bulk struct {
	t        *testing.T
	endpoint string
	file     string
	store    *secretstore.Store

	mu    sync.Mutex
	calls map[string]int // that change something, by operation
}

func newBulk(t *testing.T) *bulk {
	t.Helper()
	b := &bulk{t: t, calls: map[string]int{}, file: filepath.Join(t.TempDir(), "grants.csv")}
	server, err := secretsmanager.Open(secretsmanager.Config{
		Path: filepath.Join(memoryDir(t), "vault.db"), Speed: importSpeed, ListLag: -1, Observe: b.observe,
	})
	b.endpoint = sandboxtest.Serve(t, server, err)
	if b.store, err = secretstore.New(secretstore.Config{Client: vaultClient(b.endpoint), WritesPerSecond: 1e6}); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	rows := csv.NewWriter(&text)
	_ = rows.Write([]string{"merchant", "refresh_token", "scope"})
	for n := range manyGrants {
		g := bulkGrant(n)
		_ = rows.Write([]string{g.ID.Merchant, g.RefreshToken.Reveal(), g.Scope})
	}
	rows.Flush()
	if err := os.WriteFile(b.file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// memoryDir is a folder whose files reach no disk, where there is one: that the
// emulator keeps what it acknowledged is for its own tests to show, and ten
// thousand syncs take a minute.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "tokens-test-") //nolint:usetesting // t.TempDir is on a disk
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func bulkGrant(n int) token.Grant {
	return token.Grant{
		ID:           token.ID{Client: "subscriptions", Merchant: fmt.Sprintf("DK%08d", n)},
		RefreshToken: token.NewSecret(fmt.Sprintf("refresh-%d", n)), Scope: "openid offline_access",
	}
}

func (b *bulk) observe(operation, _ string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !strings.HasPrefix(operation, "Get") && !strings.HasPrefix(operation, "BatchGet") && !strings.HasPrefix(operation, "List") && !strings.HasPrefix(operation, "Describe") {
		b.calls[operation]++
	}
}

// changed is how many calls changed something since it was last asked.
func (b *bulk) changed() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = map[string]int{}
	return calls
}

// run runs the built command, and kills it when it has reported so many grants;
// 0 lets it end. It returns what each reported grant became.
func (b *bulk) run(killAfter int) map[string]string {
	b.t.Helper()
	dir, err := built()
	if err != nil {
		b.t.Fatal(err)
	}
	command := exec.CommandContext(b.t.Context(), filepath.Join(dir, "tokens"), "--json", "import", b.file, "--client", "subscriptions", "--yes", "--endpoint-url", b.endpoint)
	command.Env = append(bareEnvironment(), "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		fmt.Sprintf("SECRET_WRITES_PER_SECOND=%d", 40*importSpeed))
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.t.Fatal(err)
	}
	reported := map[string]string{}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var line struct{ Token, Outcome, Error string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			break // the end of what was killed
		}
		if line.Token != "" {
			reported[line.Token] = line.Outcome + line.Error
		}
		if killAfter > 0 && len(reported) >= killAfter {
			_ = command.Process.Kill()
		}
	}
	if err := command.Wait(); (err == nil) != (killAfter == 0) {
		b.t.Fatalf("the import ended with %v\n%s", err, &stderr)
	}
	return reported
}

// rotate is what the functions do with a grant that they have adopted.
func (b *bulk) rotate(n int) {
	b.t.Helper()
	g := bulkGrant(n)
	there := b.store.Grant(b.t.Context(), g.ID)
	g.RefreshToken = token.NewSecret(fmt.Sprintf("rotated-%d", n))
	put := token.Put{Number: 1, Read: there.Version, Version: b.store.PutVersion(g.ID, there.Version, 2, 1)}
	if err := b.store.PutGrant(b.t.Context(), g.Stamped(2), put); err != nil || there.Err != nil {
		b.t.Fatalf("rotate %s: %v, %v", g.ID, there.Err, err)
	}
}

// Ten thousand grants, killed three times at random and run again: each is there
// exactly once, none that was renewed meanwhile is covered, and once more
// changes nothing.
func TestImportKilledAndResumed(t *testing.T) {
	t.Parallel()
	b := newBulk(t)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	begun := time.Now()
	for kill := range 3 {
		// Those that are done already are reported first, and at once.
		b.run(kill*3000 + 1 + random.IntN(2500))
	}
	var rotated []int
	for id := range 50 {
		if n := id * 17; b.store.Grant(t.Context(), bulkGrant(n).ID).Err == nil {
			b.rotate(n)
			rotated = append(rotated, n)
		}
	}
	if puts := b.changed()["PutSecretValue"]; puts != len(rotated) || puts == 0 {
		t.Errorf("%d puts, want the %d of the functions", puts, len(rotated))
	}
	last := b.run(0)
	if calls := b.changed(); len(last) != manyGrants || calls["PutSecretValue"] != 0 || calls["CreateSecret"] == 0 || calls["CreateSecret"] >= manyGrants {
		t.Errorf("the last run told of %d grants and called %v, want all, no put, and only what was left created", len(last), calls)
	}
	t.Logf("imported in %s", time.Since(begun).Round(time.Millisecond))
	b.check(rotated)

	again := b.run(0)
	for id, outcome := range again {
		if outcome != "exists" {
			t.Fatalf("run again, %s: %s, want exists", id, outcome)
		}
	}
	if calls := b.changed(); len(again) != manyGrants || len(calls) != 0 {
		t.Errorf("run again, it told of %d grants and called %v, want all and nothing", len(again), calls)
	}
}

// check holds every secret against what it has to be, and that there are no
// others. A secret that nothing but one create has written has one version.
func (b *bulk) check(rotated []int) {
	b.t.Helper()
	want := map[token.ID]string{}
	var ids []token.ID
	for n := range manyGrants {
		g := bulkGrant(n)
		ids = append(ids, g.ID)
		want[g.ID] = g.RefreshToken.Reveal()
	}
	for _, n := range rotated {
		want[bulkGrant(n).ID] = fmt.Sprintf("rotated-%d", n)
	}
	all, err := b.store.Grants(b.t.Context(), ids)
	if err != nil {
		b.t.Fatal(err)
	}
	for id, stored := range all {
		if stored.Err != nil || stored.Value.RefreshToken.Reveal() != want[id] {
			b.t.Fatalf("%s holds another refresh token than it has to (%v)", id, stored.Err)
		}
	}
	listed, err := b.store.ListGrants(b.t.Context())
	if err != nil || len(listed) != manyGrants {
		b.t.Errorf("%d grants are listed (%v), want %d", len(listed), err, manyGrants)
	}
}
