package authserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// serverEnv makes the test binary the server of TestKilledServer: its value is
// the state file.
const serverEnv = "AUTHSERVER_TEST_STATE"

// serveState serves until the process is killed.
func serveState(path string) {
	server, err := authserver.New(authserver.Config{Path: path, Clients: []authserver.Client{{ID: consentID, Secret: token.NewSecret(consentPass), OmitIDToken: true}}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(server.Consents()) == 0 {
		if _, err := server.Grant(consentID, merchantVAT); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	listening := httptest.NewServer(server)
	live, _ := server.Live(consentID, merchantVAT)
	fmt.Println(listening.URL, live.Reveal())
	select {}
}

func TestStateOutlivesTheServer(t *testing.T) {
	t.Parallel()
	config := authserver.Config{Path: filepath.Join(t.TempDir(), "state.db"), Now: at(1_700_000_000)}
	for _, c := range []string{consentID, otherConsent} {
		config.Clients = append(config.Clients, authserver.Client{ID: c, Secret: token.NewSecret(consentPass), OmitIDToken: true})
	}
	first, err := authserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	spent := mustGrant(t, first).RefreshToken.Reveal()
	live := mustRefresh(t, first, spent)
	wantRefused(t, first, refreshForm(spent), "the spent one")
	if _, err := first.Grant(otherConsent, "FI12345678"); err != nil {
		t.Fatal(err)
	}
	if err := first.RevokeConsent(otherConsent, "FI12345678"); err != nil {
		t.Fatal(err)
	}
	before, tokens := first.Consents(), first.RefreshTokens()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := authserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	for i := range tokens {
		tokens[i].Presented, tokens[i].MostAtOnce = 0, 0 // of one server's life
	}
	same := cmp.Comparer(token.Secret.Equal)
	if diff := cmp.Diff(before, second.Consents(), same); diff != "" {
		t.Errorf("consents (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(tokens, second.RefreshTokens(), same); diff != "" {
		t.Errorf("refresh tokens (-before +after):\n%s", diff)
	}
	wantRefused(t, second, refreshForm(spent), "the spent one, later")
	mustRefresh(t, second, live)
}

func TestStateFileRefused(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	open := filepath.Join(directory, "open.db")
	server, err := authserver.New(authserver.Config{Path: open})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	garbage := filepath.Join(directory, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("garbage", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{open: "another process", garbage: "state file", directory: "state file"} {
		if _, err := authserver.New(authserver.Config{Path: path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one that says %q", filepath.Base(path), err, want)
		}
	}
}

// What cannot be stored does not happen.
func TestDiskThatFails(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{Path: filepath.Join(t.TempDir(), "state.db")}, nil)
	consent := mustGrant(t, server)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	response, _ := send(t, server, merchantRequest(t.Context(), authserver.MerchantTokenPath, refreshForm(consent.RefreshToken.Reveal())))
	if live, ok := server.Live(consentID, merchantVAT); response.StatusCode != http.StatusInternalServerError || !ok || !live.Equal(consent.RefreshToken) {
		t.Errorf("refresh: got status %d, want 500 and nothing rotated", response.StatusCode)
	}
	if _, err := server.Grant(consentID, "FI12345678"); err == nil {
		t.Error("Grant: got no error")
	}
	if err := server.RevokeConsent(consentID, merchantVAT); err == nil {
		t.Error("RevokeConsent: got no error")
	}
	if got := server.Consents(); len(got) != 1 || got[0].Ended != "" || server.Counters().Refreshed != 0 {
		t.Errorf("got %d consents, want the one, standing", len(got))
	}
}

// TestKilledServer kills the server amid refreshes. Whatever it has answered is
// on disk: the token that is live then is the last one that arrived, or the one
// after it, whose answer died on the wire.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	const kills = 6
	path := filepath.Join(t.TempDir(), "state.db")
	refreshes, onTheWire := 0, 0
	for round := range kills {
		url, arrived, kill := start(t, path)
		first, err := postRefresh(t, url, arrived) // however long that takes
		if err != nil {
			t.Fatalf("the first refresh: %v", err)
		}
		arrived = first
		timer := time.AfterFunc(time.Duration(20+13*round)*time.Millisecond, kill)
		for {
			next, err := postRefresh(t, url, arrived)
			if err != nil {
				break
			}
			arrived = next
			refreshes++
		}
		timer.Stop()
		kill()
		onTheWire += successors(t, path, arrived)
	}
	t.Logf("%d refreshes, %d kills, %d answers lost on the wire", refreshes, kills, onTheWire)
}

// successors returns how many refresh tokens came after this one, which must be
// on disk: one at most, since the next was not asked for before.
func successors(t *testing.T, path, value string) int {
	t.Helper()
	server, err := authserver.New(authserver.Config{Path: path})
	if err != nil {
		t.Fatalf("after a kill: %v", err)
	}
	defer func() { _ = server.Close() }()
	all := server.RefreshTokens()
	at := slices.IndexFunc(all, func(r authserver.RefreshToken) bool { return r.Value.Reveal() == value })
	later := len(all) - 1 - at
	if at < 0 || later > 1 || all[len(all)-1].Spent {
		t.Fatalf("after a kill: the last token that arrived is number %d of %d", at, len(all))
	}
	return later
}

// start runs the server in a process of its own.
func start(t *testing.T, path string) (url, live string, kill func()) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), serverEnv+"="+path)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	url, live, _ = strings.Cut(strings.TrimSpace(line), " ")
	kill = sync.OnceFunc(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	t.Cleanup(kill)
	return url, live, kill
}

func postRefresh(t *testing.T, url, value string) (string, error) {
	t.Helper()
	client := newHTTPClient(t)
	response, err := client.Do(post(t.Context(), url+authserver.MerchantTokenPath, refreshForm(value).Encode()))
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	answer := decode(t, body)
	if next, ok := answer["refresh_token"].(string); ok {
		return next, nil
	}
	return "", fmt.Errorf("refused: %v", answer["error"])
}
