package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

// evil is a text that moves the cursor, changes title and colours, rings, turns
// the direction of writing, joins characters, ends lines, is no UTF-8, is wide,
// and is long.
const evil = "\x1b[2J\x1b[31m\x1b]0;owned\x07\b\r\nDK\u202e87654321\u2066\u200d\u0301\u009b31m\x7f\xff\u2028\u6f22\U000e0041../../etc/passwd"

// attack answers with evil in every field that is printed, as each function
// that is called evil-SOMETHING.
func attack(w http.ResponseWriter, name string, payload []byte) {
	text, _ := json.Marshal(evil + strings.Repeat("long ", 1000))
	var asked struct{ Action string }
	_ = json.Unmarshal(payload, &asked)
	e := string(text)
	switch name {
	case "evil-error":
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprintf(w, `{"errorMessage":%s}`, e)
		return
	case "evil-refusal":
		fmt.Fprintf(w, `{"error":%s,"message":%s}`, e, e)
		return
	case "evil-status":
		w.Header().Set("X-Amzn-Errortype", "Type\t\u0085Exception:x")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"Message":%s}`, e)
		return
	}
	switch asked.Action {
	case "get":
		fmt.Fprintf(w, `{"access_token":%s}`, e)
	case "invite":
		fmt.Fprintf(w, `{"url":%s}`, `"https://a.example/\u202e"`)
	case "remove":
		fmt.Fprintf(w, `{"token":%[1]s,"message":%[1]s}`, e)
	case "doctor":
		fmt.Fprintf(w, `{"checks":[{"name":%[1]s,"state":%[1]s,"message":%[1]s}]}`, e)
	case "refresh":
		fmt.Fprintf(w, `{"tokens":[{"token":%[1]s,"outcome":%[1]s,"error":%[1]s}]}`, e)
	default:
		fmt.Fprintf(w, `{"clients":[{"client":"pos","grant_type":%[1]s,"problem":%[1]s,"tokens":[`+
			`{"token":%[1]s,"state":%[1]s,"problem":%[1]s},{"token":%[1]s,"state":"consent_required","reason":%[1]s}]},`+
			`{"client":%[1]s,"grant_type":%[1]s,"problem":%[1]s,"tokens":[]}]}`, e)
	}
}

// harmless reports what a terminal would do more with a text than show it.
func harmless(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("it is no UTF-8")
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line); n > 4*maxShown {
			return fmt.Errorf("a line has %d characters", n)
		}
	}
	for _, r := range text {
		if r != '\n' && !plain(r) && !strings.ContainsRune("█░", r) {
			return fmt.Errorf("it holds %U", r)
		}
	}
	return nil
}

// onShow runs a command in this process, as main does, and holds what it prints.
func onShow(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, fault bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	code = run(ctx, args, process{in: strings.NewReader(""), out: &out, err: &fault, lookup: func(string) (string, bool) { return "", false }})
	return code, out.String(), fault.String()
}

// awsForTests keeps the SDK from this machine, and a test from running in
// parallel.
func awsForTests(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "", "AWS_CA_BUNDLE": "",
	} {
		t.Setenv(name, value)
	}
}

// attackedVault is a Secrets Manager whose credentials attack too.
func attackedVault(t *testing.T) (url string, server *secretsmanager.Server) {
	t.Helper()
	server, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(t.TempDir(), "vault.db"), ListLag: -1, Unthrottled: true})
	url = sandboxtest.Serve(t, server, err)
	for client, id := range map[string]string{"pos": strings.ToValidUTF8(evil, ""), "kiosk": "id"} {
		value, _ := json.Marshal(map[string]any{
			"provider": "x" + strings.ToValidUTF8(evil, ""), "client_id": id, "client_secret": "s", "scopes": []string{strings.ToValidUTF8(evil, "")},
		})
		_, err := vaultClient(url).CreateSecret(t.Context(), &sm.CreateSecretInput{
			Name: aws.String("mobilepay/" + client + "/credentials"), SecretString: aws.String(string(value)),
			Tags: []types.Tag{{Key: aws.String("token-refresher:grant-type"), Value: aws.String("client_credentials")}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return url, server
}

// Every argument of every command, with texts that attack a terminal, a path
// and a table. None reaches the terminal as it is, and none makes a secret of
// another name.
func TestAttackThroughArguments(t *testing.T) {
	awsForTests(t)
	lambda := httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(lambda.Close)
	secrets, _ := attackedVault(t)
	rows := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(rows, []byte("merchant,refresh_token\nDK12345678,r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := secretNames(t, secrets)
	for _, e := range []string{evil, "../../../etc/passwd", "pos/../../x", "pos/", strings.Repeat("long", 5000)} {
		lines := [][]string{
			{e}, {"--" + e}, {"--color", e, "status"}, {"client", e}, {"sandbox", "--aws", e}, {"sandbox", "--speed", e},
			{"status", "--client", e, "--function", "operator"}, {"status", "--state", e, "--function", "operator"},
			{"invite", "pos/DK1", "--return-to", e, "--function", "operator"}, {"invite", "pos/DK1", "--valid-for", e, "--function", "operator"},
			{"client", "list", "--function", e}, {"import", e, "--yes"},
		}
		for _, command := range []string{"get", "refresh", "remove", "invite", "status"} {
			lines = append(lines, []string{command, e, "--function", "operator"}, []string{command, "pos/DK1", e, "--function", "operator"},
				[]string{command, "pos/DK1", "--function", e}, []string{command, "pos/DK1", "--stack", e},
				[]string{command, "pos/DK1", "--function", "operator", "--region", e})
		}
		for _, flag := range []string{"--client", "--prefix"} {
			lines = append(lines, []string{"import", rows, "--yes", flag, e, "--endpoint-url", secrets})
		}
		for _, more := range [][]string{
			{"--provider", e}, {"--provider-file", e}, {"--secret-file", e}, {"--field", e + "=x"}, {"--field-file", "x=" + e},
			{"--merchant", e}, {"--publish", e}, {"--refresh", e}, {"--prefix", e}, {"--region", e, "--endpoint-url", e},
		} {
			lines = append(lines, append([]string{"client", "put", "new", "--provider", "mobilepay-integrator-sandbox", "--client-id", "a", "--endpoint-url", secrets}, more...))
		}
		lines = append(lines, []string{"client", "put", e, "--provider", "vipps-test", "--client-id", "a", "--endpoint-url", secrets})
		for _, line := range lines {
			if !slices.Contains(line, "--endpoint-url") && len(line) > 2 {
				line = append(line, "--endpoint-url", lambda.URL)
			}
			code, stdout, stderr := onShow(t, line...)
			if err := harmless(stdout + stderr); err != nil {
				t.Errorf("%.300q: %v\n%.500q", line, err, stdout+stderr)
			}
			if code == exitDone {
				t.Errorf("%.300q was taken, and said %.300q", line, stdout)
			}
		}
	}
	if got := secretNames(t, secrets); !slices.Equal(got, before) {
		t.Errorf("secrets %q, want %q", got, before)
	}
}

// What is stored, and what a function answers, is somebody else's text.
func TestAttackThroughAnswers(t *testing.T) {
	awsForTests(t)
	lambda := httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(lambda.Close)
	secrets, server := attackedVault(t)
	rows := filepath.Join(t.TempDir(), "rows.csv")
	text := "client,merchant,refresh_token,scope\npos,DK1,r3fr3sh," + strings.NewReplacer("\r", "", "\n", "").Replace(evil) + "\n"
	if err := os.WriteFile(rows, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := [][]string{
		{"client", "put", "pos", "--merchant", "DK12345678", "--endpoint-url", secrets},
		{"client", "put", "kiosk", "--provider", "mobilepay-integrator-sandbox", "--scope", "a", "--endpoint-url", secrets},
		{"import", rows, "--dry-run", "--endpoint-url", secrets}, {"import", rows, "--yes", "--endpoint-url", secrets},
	}
	for _, function := range []string{"evil", "evil-error", "evil-refusal", "evil-status"} {
		for _, command := range [][]string{
			{"get", "pos"}, {"status"}, {"status", "pos"}, {"status", "--trouble"}, {"refresh", "pos"}, {"remove", "pos/DK1", "--yes"},
			{"doctor"}, {"invite", "pos/DK1"}, {"client", "list"},
		} {
			lines = append(lines, append(command, "--function", function, "--endpoint-url", lambda.URL))
		}
	}
	for _, line := range lines {
		for _, flags := range [][]string{nil, {"--json"}} {
			_, stdout, stderr := onShow(t, append(flags, line...)...)
			if err := harmless(stdout + stderr); err != nil && flags == nil {
				t.Errorf("%q: %v\n%.500q", line, err, stdout+stderr)
			}
			for _, b := range []byte(stdout) {
				if flags != nil && b != '\n' && (b < ' ' || b > '~') {
					t.Fatalf("%q as JSON holds byte %#x", line, b)
				}
			}
		}
	}
	for _, faulty := range []string{"GetSecretValue", "BatchGetSecretValue", "CreateSecret", "PutSecretValue"} {
		server.SetFault(func(operation, _ string) *secretsmanager.Fault {
			if operation != faulty {
				return nil
			}
			return &secretsmanager.Fault{Type: "InvalidParameterException", Message: strings.ToValidUTF8(evil, "")}
		})
		for _, line := range append(lines[:4], []string{"import", rows, "--client", "x", "--yes", "--endpoint-url", secrets}) {
			line = slices.Clone(line)
			if faulty == "CreateSecret" && line[0] == "import" {
				line[1] = renamed(t, rows)
			}
			_, stdout, stderr := onShow(t, line...)
			if err := harmless(stdout + stderr); err != nil {
				t.Errorf("%q and a fault of %s: %v\n%.500q", line, faulty, err, stdout+stderr)
			}
		}
	}
	var noted bytes.Buffer
	console{process: process{err: &noted}}.note("of %s", evil)
	if err := harmless(noted.String()); err != nil {
		t.Errorf("a note: %v", err)
	}
}

// renamed is the file for merchants that nobody has imported yet.
func renamed(t *testing.T, rows string) string {
	t.Helper()
	text, err := os.ReadFile(rows)
	if err != nil {
		t.Fatal(err)
	}
	another := rows + ".another"
	if err := os.WriteFile(another, bytes.ReplaceAll(text, []byte("DK1"), []byte("DK2")), 0o600); err != nil {
		t.Fatal(err)
	}
	return another
}

func secretNames(t *testing.T, url string) (names []string) {
	t.Helper()
	list, err := vaultClient(url).ListSecrets(t.Context(), &sm.ListSecretsInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range list.SecretList {
		names = append(names, *secret.Name)
	}
	slices.Sort(names)
	return names
}
