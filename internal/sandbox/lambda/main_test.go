package lambda_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"token-refresher/internal/sandbox/lambda"
)

// parentVariable makes the test binary play the program that is killed.
const parentVariable = "LAMBDA_TEST_PARENT"

// startTimeout is for tests that wait for it, and long enough for a loaded
// machine to start a small program.
const startTimeout = 3 * time.Second

// TestMain builds the function that the tests run.
func TestMain(m *testing.M) {
	if address := os.Getenv(parentVariable); address != "" {
		parent(address, os.Getenv("LAMBDA_TEST_BOOTSTRAP"))
		return
	}
	directory, err := os.MkdirTemp("", "lambda")
	if err == nil {
		err = build(filepath.Join(directory, "bootstrap"))
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	bootstrapDirectory = directory
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(directory)
		os.Exit(code)
	}))
}

// bootstrapDirectory is set once, before any test runs.
var bootstrapDirectory string

func bootstrap() string { return filepath.Join(bootstrapDirectory, "bootstrap") }

func build(target string) error {
	command := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", target, "./testdata/bootstrap")
	command.Env = append(os.Environ(), "CGO_ENABLED=0") // as the shipped functions are built
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the test function: %w\n%s", err, output)
	}
	return nil
}

// newEmulator returns an emulator with one function, "f".
func newEmulator(t *testing.T, f lambda.Function) *lambda.Emulator {
	t.Helper()
	f.Name = "f"
	if f.Command == "" {
		f.Command = bootstrap()
	}
	e := lambda.New(lambda.Config{
		Region:       "eu-north-1",
		Account:      "123456789012",
		StartTimeout: startTimeout,
	})
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := e.AddFunction(f); err != nil {
		t.Fatal(err)
	}
	return e
}

// invoke runs "f" and returns its result.
func invoke(t *testing.T, e *lambda.Emulator, payload string) lambda.Result {
	t.Helper()
	result, err := e.Invoke(t.Context(), "f", []byte(payload))
	if err != nil {
		t.Fatalf("Invoke: %v", err)
	}
	return result
}

// report is what the test function answers.
type report struct {
	PID         int      `json:"pid"`
	RequestID   string   `json:"request_id"`
	ARN         string   `json:"arn"`
	Trace       string   `json:"trace"`
	RemainingMS int64    `json:"remaining_ms"`
	Directory   string   `json:"directory"`
	Environment []string `json:"environment"`
}

// look runs "f" and returns what it saw.
func look(t *testing.T, e *lambda.Emulator) report {
	t.Helper()
	result := invoke(t, e, `{}`)
	if result.FunctionError != "" {
		t.Fatalf("the function failed: %s", result.Payload)
	}
	var seen report
	if err := json.Unmarshal(result.Payload, &seen); err != nil {
		t.Fatalf("decode the answer: %v", err)
	}
	return seen
}

// functionError is the payload of a failure.
type functionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func decodeError(t *testing.T, result lambda.Result) functionError {
	t.Helper()
	if result.FunctionError != "Unhandled" {
		t.Fatalf("FunctionError: got %q, want Unhandled (payload %s)", result.FunctionError, result.Payload)
	}
	var failure functionError
	if err := json.Unmarshal(result.Payload, &failure); err != nil {
		t.Fatalf("decode the failure: %v", err)
	}
	return failure
}

// buffer is a log that a test reads while processes write it.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
