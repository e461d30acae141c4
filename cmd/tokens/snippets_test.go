package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/serve"
)

// snippetFence is a snippet of the README that tests run, behind its name.
var snippetFence = regexp.MustCompile("(?s)<!-- snippet (\\S+) -->\n```[a-z]+\n(.*?)```\n")

// snippets are those of the README, by their names.
func snippets(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, match := range snippetFence.FindAllStringSubmatch(readmeText(t), -1) {
		found[match[1]] = match[2]
	}
	return found
}

// consumer is a program in one language that uses the snippet of that language.
type consumer struct {
	name, snippet string
	folder        string   // of the program, below testdata/snippets
	file          string   // what the snippet is called there
	id            string   // the token that it rejects: each has one of its own
	needs         []string // fails where the machine lacks the language, or cannot get its libraries
	run           []string
}

func consumers() []consumer {
	return []consumer{
		{
			name: "Go", snippet: "tokens.go", folder: "go", file: "tokens/tokens.go", id: "subscriptions/DK12345678",
			needs: []string{"go", "mod", "download"}, run: []string{"go", "run", "."},
		},
		{
			name: "Python", snippet: "tokens.py", folder: "python", file: "tokens.py", id: "subscriptions/FI12345678",
			needs: []string{"python3", "-c", "import boto3"}, run: []string{"python3", "check.py"},
		},
		{
			name: "Node.js", snippet: "tokens.mjs", folder: "node", file: "tokens.mjs", id: "reporting/DK12345678",
			needs: []string{"npm", "ci", "--prefer-offline", "--fetch-retries=1", "--ignore-scripts", "--no-audit", "--no-fund"},
			run:   []string{"node", "check.mjs"},
		},
	}
}

// TestSnippetsOfTheReadme runs what the README tells services to paste, against
// the sandbox as `make run` starts it, in real time so that tokens last.
func TestSnippetsOfTheReadme(t *testing.T) {
	t.Parallel()
	found := snippets(t)
	want := []string{"function.sh", "secret.sh", "tokens.go", "tokens.mjs", "tokens.py"}
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, want) {
		t.Fatalf("snippets of the README: got %v, want %v", got, want)
	}
	s := start(t, t.TempDir(), "--speed=1", "--provider=localhost:0")
	for _, c := range consumers() { // one after the other, since they share two cores
		t.Run(c.name, func(t *testing.T) { c.check(t, s, found[c.snippet]) })
	}
	t.Run("aws", func(t *testing.T) {
		if _, err := exec.LookPath("aws"); err != nil {
			moto.Missing(t, "aws")
		}
		for file, id := range map[string]string{"secret.sh": "pos", "function.sh": "subscriptions/DK12345678"} {
			output := execute(t, t.TempDir(), s.facts.AWS, "sh", "-c", found[file])
			var got serve.Answer
			if err := json.NewDecoder(bytes.NewReader(output)).Decode(&got); err != nil {
				t.Fatalf("%s: what it printed is no JSON: %v", file, err)
			}
			if tokenDigest(got.AccessToken) != s.handedOut(t, id) {
				t.Errorf("%s: printed another token than that of %s", file, id)
			}
		}
	})
}

// check lets the program get tokens in every way that the snippet has.
func (c consumer) check(t *testing.T, s *running, snippet string) {
	dir := c.install(t, snippet)
	aws := observe(t, s.facts.AWS)
	client, merchant, _ := strings.Cut(c.id, "/")
	output := execute(t, dir, aws.url, c.run[0], append(c.run[1:], accessTokenFunction, client, merchant)...)

	got := map[string]string{}
	for line := range strings.Lines(string(output)) {
		step, result, _ := strings.Cut(strings.TrimSpace(line), " ")
		got[step] = result
	}
	pos, bound, current := s.handedOut(t, "pos"), s.handedOut(t, "pos/DK12345678"), s.handedOut(t, c.id)
	rejected, failed := got["function"], got["failed"]
	want := map[string]string{
		"secret": pos, "secret-again": pos, "secret-bound": bound, "function-unbound": pos,
		"function": rejected, "function-again": rejected, "function-rejected": current,
		"dying": tokenDigest("aged"), "dying-rejected": got["dying-rejected"], "crowd": tokenDigest("aged"),
		"none": "NoToken unknown_token", "failed": failed,
	}
	if !maps.Equal(got, want) {
		t.Errorf("it printed\n%v, want\n%v", got, want)
	}
	if len(rejected) != len(current) || rejected == current {
		t.Errorf("after a rejection: got the digest %q, before it %q, want another", current, rejected)
	}
	if lost := got["dying-rejected"]; lost == "" || lost == tokenDigest("aged") {
		t.Errorf("a call that failed, with a token in hand that was rejected: it printed %q, want an error", lost)
	}
	if !strings.Contains(failed, "the event names no client") {
		t.Errorf("a failed invocation: it printed %q", failed)
	}
	calls := []string{
		"secret pos", "secret pos/DK12345678", "function " + c.id, "function " + c.id, "function pos",
		"secret aged", "function aged", "secret aged", "function aged", "function dying", "function dying", "function dying",
		"function crowd", "function nobody", "function ",
	}
	if got := aws.calls(); !slices.Equal(got, calls) {
		t.Errorf("calls:\n%q, want each token kept for as long as it is good, and many calls made once:\n%q", got, calls)
	}
}

// install puts program and snippet into a folder, and gets what they need.
func (c consumer) install(t *testing.T, snippet string) (dir string) {
	t.Helper()
	if _, err := exec.LookPath(c.needs[0]); err != nil {
		moto.Missing(t, c.needs[0])
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "snippets", c.folder))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, c.file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(snippet), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), c.needs[0], c.needs[1:]...)
	command.Dir = dir
	if output, err := command.CombinedOutput(); err != nil {
		t.Logf("%s: %v\n%s", command, err, output)
		moto.Missing(t, "AWS's library for "+c.name)
	}
	return dir
}

// execute runs a program as a service that the sandbox is AWS for, and returns
// its standard output, which may be a token.
func execute(t *testing.T, dir, endpoint, name string, arguments ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = dir
	command.Env = append(moto.Environ(), "AWS_ENDPOINT_URL="+endpoint, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region,
		"AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+accessKey, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_PAGER=")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, &stderr)
	}
	return output
}

// handedOut is the digest of the token that the access-token function has now.
func (s *running) handedOut(t *testing.T, id string) string {
	t.Helper()
	client, merchant, _ := strings.Cut(id, "/")
	payload, err := json.Marshal(map[string]string{"client": client, "merchant": merchant})
	if err != nil {
		t.Fatal(err)
	}
	address := s.facts.AWS + "/2015-03-31/functions/" + accessTokenFunction + "/invocations"
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got serve.Answer
	if err := json.Unmarshal(body, &got); err != nil || got.AccessToken == "" {
		t.Fatalf("%s: got no token: %v", id, err)
	}
	return tokenDigest(got.AccessToken)
}

// tokenDigest stands for a token in what a test prints.
func tokenDigest(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }
