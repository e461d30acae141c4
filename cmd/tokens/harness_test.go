package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// patience is how long a test waits for what should take seconds.
const patience = 90 * time.Second

// buildDir is where the tests of this process build to.
func buildDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("tokens-test-%d", os.Getpid()))
}

// built builds the program and its functions as `make build` lays them out, once.
var built = sync.OnceValues(func() (string, error) {
	dir := buildDir()
	packages := map[string]string{"tokens": "token-refresher/cmd/tokens"}
	for _, function := range programNames() {
		packages[function+"/bootstrap"] = "token-refresher/functions/" + function
	}
	for output, pkg := range packages {
		command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w",
			"-tags", "lambda.norpc", "-o", filepath.Join(dir, output), pkg)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", pkg, err, output)
		}
	}
	return dir, nil
})

// running is a sandbox in a process of its own.
type running struct {
	t       *testing.T
	command *exec.Cmd
	stderr  bytes.Buffer
	facts   facts
	lines   chan event    // closed when the process has closed its output
	done    chan struct{} // closed when it has ended
	exit    error

	mu     sync.Mutex
	stdout bytes.Buffer
}

// event is one line that `tokens --json sandbox` prints.
type event struct {
	Event    string    `json:"event"`
	Function string    `json:"function"`
	Renewed  int       `json:"renewed"`
	Failures []any     `json:"failures"`
	At       time.Time `json:"at"`
	facts
}

// start runs the built sandbox on free ports, unless args name some, and waits
// until it is ready.
func start(t *testing.T, state string, args ...string) *running {
	t.Helper()
	s := launch(t, state, args...)
	s.await("ready")
	return s
}

// launch runs it and waits until it answers.
func launch(t *testing.T, state string, args ...string) *running {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"sandbox", "--json", "--state", state, "--aws=127.0.0.1:0", "--page=127.0.0.1:0"}, args...)
	s := &running{
		t: t, command: exec.Command(filepath.Join(dir, "tokens"), args...),
		lines: make(chan event), done: make(chan struct{}),
	}
	s.command.Stderr = &s.stderr
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	go s.read(bufio.NewScanner(stdout))
	s.facts = s.await("started").facts
	return s
}

func (s *running) read(lines *bufio.Scanner) {
	defer close(s.done)
	defer func() { s.exit = s.command.Wait() }()
	defer close(s.lines)
	for lines.Scan() {
		s.mu.Lock()
		s.stdout.Write(append(lines.Bytes(), '\n'))
		s.mu.Unlock()
		var line event
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			line.Event = "not JSON: " + lines.Text()
		}
		s.lines <- line
	}
}

// await returns the next line of that event and forgets those before it.
func (s *running) await(name string) event {
	s.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				<-s.done
				s.t.Fatalf("waiting for %q: the sandbox ended: %v\n%s", name, s.exit, &s.stderr)
			}
			if line.Event == name {
				return line
			}
		case <-timeout.C:
			s.t.Fatalf("waiting for %q: nothing for %s", name, patience)
		}
	}
}

// end sends a signal, and returns what the process exited with.
func (s *running) end(signal os.Signal) error {
	s.t.Helper()
	if err := s.command.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case <-s.lines:
		case <-s.done:
			return s.exit
		case <-timeout.C:
			s.t.Fatalf("%s: the sandbox still runs after %s", signal, patience)
		}
	}
}

// kill ends the process if a failed test left it.
func (s *running) kill() {
	if err := s.command.Process.Kill(); errors.Is(err, os.ErrProcessDone) {
		return
	}
	for range s.lines {
		// drained, so that its reader ends
	}
	<-s.done
}

// printed is everything the process has printed so far.
func (s *running) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stdout.String() + s.stderr.String()
}

// client is what a consumer reads the sandbox's secrets with.
func (s *running) client() *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region:       region,
		Credentials:  credentials.NewStaticCredentialsProvider("sandbox", "sandbox", ""),
		BaseEndpoint: aws.String(s.facts.AWS),
		HTTPClient:   &http.Client{Timeout: 10 * time.Second},
	})
}

// secret reads one secret's current value and version.
func (s *running) secret(name string) (value, version string) {
	s.t.Helper()
	got, err := s.client().GetSecretValue(s.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		s.t.Fatalf("read %s: %v", name, err)
	}
	return aws.ToString(got.SecretString), aws.ToString(got.VersionId)
}

// children lists the processes that run the built functions.
func children(t *testing.T) []string {
	t.Helper()
	programs, err := exec.Command("ps", "-axo", "comm=").Output()
	if runtime.GOOS == "linux" { // where ps cuts names short, if there is one
		programs, err = procPrograms()
	}
	if err != nil {
		t.Fatalf("list processes: %v", err)
	}
	var found []string
	for program := range strings.Lines(string(programs)) {
		if strings.HasPrefix(program, buildDir()) && strings.HasSuffix(strings.TrimSpace(program), "bootstrap") {
			found = append(found, program)
		}
	}
	return found
}

// procPrograms lists the programs of all processes, one a line.
func procPrograms() ([]byte, error) {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	var programs []byte
	for _, link := range links {
		program, _ := os.Readlink(link) // gone by now, or somebody else's
		programs = append(programs, program+"\n"...)
	}
	return programs, err
}

// awaitNoChildren waits until the function's processes are gone: after a kill
// the kernel ends them, not the sandbox.
func awaitNoChildren(t *testing.T) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for len(children(t)) > 0 {
		select {
		case <-look.C:
		case <-deadline.C:
			t.Fatalf("processes of the function: got %v, want none", children(t))
		}
	}
}

// interrupt is what Ctrl-C sends.
const interrupt = syscall.SIGINT
