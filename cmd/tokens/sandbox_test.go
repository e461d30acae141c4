package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/statuspage"
)

// The secrets that the sandbox's own client has.
var posSecrets = []string{
	"mobilepay/pos/access-token",
	"mobilepay/pos/DK12345678/access-token",
	"mobilepay/pos/FI12345678/access-token",
}

const posCredentials = "mobilepay/pos/credentials"

// accessToken is the value of an access-token secret, as a consumer reads it.
type accessToken struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	Client      string    `json:"client"`
	Merchant    string    `json:"merchant"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// TestSandbox goes through a day of the sandbox: it starts, its tokens are
// renewed, a person changes the client, the process is killed, and the next
// one goes on where it was. It is not parallel: it counts processes.
func TestSandbox(t *testing.T) { //nolint:paralleltest // see above
	dir := t.TempDir()
	first := start(t, dir, "--speed=600", "--provider=localhost:0")
	issued := map[string]bool{} // every token seen, for the search at the end
	versions := map[string]string{}
	for _, name := range posSecrets {
		value, version := first.secret(name)
		checkToken(t, name, value, issued)
		versions[name] = version
	}
	if len(children(t)) == 0 {
		t.Error("the built function does not run, want the tokens to come from it")
	}
	t.Run("status page", func(t *testing.T) { checkPage(t, first, issued) })
	t.Run("aws command", func(t *testing.T) { checkCommand(t, first) })
	t.Run("tokens command", func(t *testing.T) { checkGet(t, first, issued) })
	t.Run("consent", func(t *testing.T) { checkConsent(t, first, issued) })
	t.Run("strangers", func(t *testing.T) { checkStrangers(t, first) })
	t.Run("second sandbox", func(t *testing.T) { checkSecond(t, dir) })
	awaitRenewal(first, versions, issued)
	wanted := addMerchant(first)
	awaitSecret(first, "mobilepay/pos/DK87654321/access-token", issued)
	_ = first.end(syscall.SIGKILL)
	awaitNoChildren(t)

	provider, err := url.Parse(first.facts.Provider)
	if err != nil {
		t.Fatal(err)
	}
	second := start(t, dir, "--speed=600", "--provider="+provider.Host)
	if got, _ := second.secret(posCredentials); got != wanted {
		t.Error("credentials after a restart: they are not what a person made of them")
	}
	for _, name := range posSecrets {
		if !hasVersion(second, name, versions[name]) {
			t.Errorf("%s after a kill: version %s is lost", name, versions[name])
		}
	}
	awaitRenewal(second, currentVersions(second), issued)
	if err := second.end(interrupt); err != nil {
		t.Errorf("exit after Ctrl-C: got %v, want 0\n%s", err, &second.stderr)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("processes of the function after Ctrl-C: got %v, want none", left)
	}
	checkNothingLeaked(t, dir, first.printed()+second.printed(), wanted, issued)
}

func checkToken(t *testing.T, name, value string, issued map[string]bool) {
	t.Helper()
	var got accessToken
	if err := json.Unmarshal([]byte(value), &got); err != nil {
		t.Fatalf("%s is not JSON: %v", name, err)
	}
	merchant := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(name, "mobilepay/pos"), "access-token"), "/")
	if got.Client != "pos" || got.Merchant != merchant || got.TokenType != "Bearer" {
		t.Errorf("%s: got client %q, merchant %q, type %q", name, got.Client, got.Merchant, got.TokenType)
	}
	if got.AccessToken == "" || issued[got.AccessToken] {
		t.Errorf("%s: the token is empty or another one's", name)
	}
	if life, want := got.ExpiresAt.Sub(got.IssuedAt), 6*time.Second; life != want {
		t.Errorf("%s: lives %s, want %s (3700 s, 600 times faster)", name, life, want)
	}
	issued[got.AccessToken] = true
}

// awaitRenewal waits, sweep by sweep, until no secret has its old version.
func awaitRenewal(s *running, old map[string]string, issued map[string]bool) {
	s.t.Helper()
	for _, name := range posSecrets {
		for {
			value, version := s.secret(name)
			if version != old[name] {
				checkToken(s.t, name, value, issued)
				break
			}
			s.await("sweep")
		}
	}
}

func currentVersions(s *running) map[string]string {
	versions := map[string]string{}
	for _, name := range posSecrets {
		_, versions[name] = s.secret(name)
	}
	return versions
}

// addMerchant does what an operator may do, and returns the new credentials.
func addMerchant(s *running) string {
	s.t.Helper()
	value, _ := s.secret(posCredentials)
	changed := strings.Replace(value, `"FI12345678"`, `"FI12345678", "DK87654321"`, 1)
	if changed == value {
		s.t.Fatalf("credentials name no merchant FI12345678")
	}
	_, err := s.client().PutSecretValue(s.t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(posCredentials), SecretString: &changed,
	})
	if err != nil {
		s.t.Fatalf("change the credentials: %v", err)
	}
	return changed
}

// awaitSecret waits, sweep by sweep, until the secret is there.
func awaitSecret(s *running, name string, issued map[string]bool) {
	s.t.Helper()
	for {
		got, err := s.client().GetSecretValue(s.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
		if err == nil {
			checkToken(s.t, name, aws.ToString(got.SecretString), issued)
			return
		}
		s.await("sweep")
	}
}

func hasVersion(s *running, name, version string) bool {
	s.t.Helper()
	got, err := s.client().ListSecretVersionIds(s.t.Context(), &secretsmanager.ListSecretVersionIdsInput{
		SecretId: &name, IncludeDeprecated: aws.Bool(true),
	})
	if err != nil {
		s.t.Fatalf("list the versions of %s: %v", name, err)
	}
	for _, known := range got.Versions {
		if aws.ToString(known.VersionId) == version {
			return true
		}
	}
	return false
}

// checkPage reads the first event of the page's stream.
func checkPage(t *testing.T, s *running, issued map[string]bool) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.facts.Page+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var view statuspage.View
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		for value := range issued {
			if strings.Contains(data, value) {
				t.Error("the page shows a token")
			}
		}
		if err := json.Unmarshal([]byte(data), &view); err != nil {
			t.Fatalf("event: %v", err)
		}
		break
	}
	if len(view.Tokens) != 7 || len(view.Clients) != 3 || len(view.Faults) == 0 || len(view.Sweeps) == 0 {
		t.Fatalf("page: got %d tokens, %d clients, %d faults, %d sweeps; want 7, 3 and some",
			len(view.Tokens), len(view.Clients), len(view.Faults), len(view.Sweeps))
	}
	for _, shown := range view.Tokens {
		if strings.HasPrefix(shown.ID, "pos") && (shown.Version == "" || shown.ExpiresAt.IsZero() || shown.Problem != "") {
			t.Errorf("page: got %+v, want a published token", shown)
		}
	}
}

// printedCommand runs what the sandbox prints for a shell.
func printedCommand(t *testing.T, line string) (output []byte, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", line)
	command.Env = append(moto.Environ(), "AWS_CONFIG_FILE="+os.DevNull)
	return command.Output()
}

// checkCommand runs the command that the sandbox prints.
func checkCommand(t *testing.T, s *running) {
	if _, err := exec.LookPath("aws"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the aws command is not installed")
		}
		t.Skip("the aws command is not installed")
	}
	output, err := printedCommand(t, s.facts.Read)
	if err != nil {
		t.Fatalf("%s: %v", s.facts.Read, err)
	}
	var got accessToken
	if err := json.Unmarshal(output, &got); err != nil || got.Client != "pos" || got.AccessToken == "" {
		t.Errorf("the aws command printed no token of pos: %v", err)
	}
}

// checkGet runs the other command that the sandbox prints: it gets a token that
// no secret holds, twice the same while it is fresh.
func checkGet(t *testing.T, s *running, issued map[string]bool) {
	output, err := printedCommand(t, s.facts.Get)
	if err != nil {
		t.Fatalf("%s: %v", s.facts.Get, err)
	}
	got := strings.TrimSpace(string(output))
	if strings.Count(got, ".") != 2 || issued[got] {
		t.Errorf("tokens get printed %d bytes, want a token that no secret holds", len(got))
	}
	issued[got] = true
}
