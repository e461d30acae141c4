package lambda_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/sandbox/lambda"
)

func TestFunctionSeesWhatLambdaGives(t *testing.T) {
	t.Setenv("SECRET_OF_THE_PARENT", "x")
	e := newEmulator(t, lambda.Function{
		Env:      []string{"OWN=1", "AWS_REGION=elsewhere"},
		Timeout:  time.Minute,
		MemoryMB: 256,
	})
	result := invoke(t, e, "")
	seen := look(t, e)
	if result.RequestID == "" || result.RequestID == seen.RequestID {
		t.Errorf("request ids: got %q and %q, want two different ones", result.RequestID, seen.RequestID)
	}
	if want := "arn:aws:lambda:eu-north-1:123456789012:function:f"; seen.ARN != want {
		t.Errorf("ARN: got %q, want %q", seen.ARN, want)
	}
	if !strings.HasPrefix(seen.Trace, "Root=1-") || !strings.HasSuffix(seen.Trace, ";Sampled=0") {
		t.Errorf("trace: got %q, want one that is not sampled", seen.Trace)
	}
	if seen.RemainingMS < 50_000 || seen.RemainingMS > 60_000 {
		t.Errorf("remaining: got %d ms, want a little under a minute", seen.RemainingMS)
	}
	root, err := filepath.EvalSymlinks(filepath.Dir(bootstrap()))
	if err != nil {
		t.Fatal(err)
	}
	if seen.Directory != root {
		t.Errorf("directory: got %q, want %q", seen.Directory, root)
	}
	for _, want := range []string{
		"OWN=1", "AWS_REGION=eu-north-1", "AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "LAMBDA_TASK_ROOT=" + filepath.Dir(bootstrap()), "_HANDLER=bootstrap",
	} {
		if !slices.Contains(seen.Environment, want) {
			t.Errorf("environment: lacks %s", want)
		}
	}
	for _, variable := range seen.Environment {
		if strings.HasPrefix(variable, "SECRET_OF_THE_PARENT=") || strings.HasPrefix(variable, "HOME=") {
			t.Errorf("environment: has %s, which is the parent's", variable)
		}
	}
}

func TestTracesAreSampledOnRequest(t *testing.T) {
	t.Parallel()
	e := lambda.New(lambda.Config{Sampled: true})
	defer func() { _ = e.Close() }()
	if err := e.AddFunction(lambda.Function{Name: "f", Command: bootstrap()}); err != nil {
		t.Fatal(err)
	}
	if seen := look(t, e); !strings.HasSuffix(seen.Trace, ";Sampled=1") {
		t.Errorf("trace: got %q, want one that is sampled", seen.Trace)
	}
}

func TestInstanceIsReused(t *testing.T) {
	t.Parallel()
	e := newEmulator(t, lambda.Function{Timeout: time.Minute, MaxInstances: 5})
	first := look(t, e)
	for range 20 {
		if got := look(t, e); got.PID != first.PID {
			t.Fatalf("process: got %d, want %d again", got.PID, first.PID)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		event       string
		timeout     time.Duration
		wantType    string
		wantMessage string
		wantReuse   bool
	}{
		{"error", "fail", time.Minute, "errorString", "it did not work", true},
		{"panic", "panic", time.Minute, "string", "out of order", false},
		{"exit", "exit", time.Minute, "Runtime.ExitError", "Error: Runtime exited with error: exit status 4", false},
		{"exit without a reason", "vanish", time.Minute, "Runtime.ExitError", "Error: Runtime exited without providing a reason", false},
		{"timeout", "hang", 3250 * time.Millisecond, "Sandbox.Timedout", "Error: Task timed out after 3.25 seconds", false},
		{"answer too large", "large", time.Minute, "Function.ResponseSizeTooLarge", "maximum allowed payload size (6291556 bytes)", false},
		{"answer that breaks off", "break", time.Minute, "errorString", "half way", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := newEmulator(t, lambda.Function{Timeout: test.timeout})
			before := look(t, e)
			start := time.Now()
			result := invoke(t, e, `{"do":"`+test.event+`"}`)
			if took := time.Since(start); took > patience {
				t.Errorf("took %v", took)
			}
			failure := decodeError(t, result)
			if failure.Type != test.wantType || !strings.Contains(failure.Message, test.wantMessage) {
				t.Errorf("got %q: %q, want %q: %q", failure.Type, failure.Message, test.wantType, test.wantMessage)
			}
			if strings.HasPrefix(failure.Type, "Runtime.") && !strings.Contains(failure.Message, result.RequestID) {
				t.Errorf("message %q lacks the request id", failure.Message)
			}
			if after := look(t, e); (after.PID == before.PID) != test.wantReuse {
				t.Errorf("process before %d and after %d, want the same: %t", before.PID, after.PID, test.wantReuse)
			}
		})
	}
}

func TestStartFailures(t *testing.T) {
	t.Parallel()
	notExecutable := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(notExecutable, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name        string
		function    lambda.Function
		wantType    string
		wantMessage string
	}{
		{"exit", lambda.Function{Env: []string{"START=exit"}}, "Runtime.ExitError", "exit status 3"},
		{"reported", lambda.Function{Env: []string{"START=report"}}, "Start.Failed", "no configuration"},
		{"no such file", lambda.Function{Command: filepath.Join(t.TempDir(), "none")}, "Runtime.InvalidEntrypoint", "no such file"},
		{"not executable", lambda.Function{Command: notExecutable}, "Runtime.InvalidEntrypoint", "permission denied"},
		{"never asks for work", lambda.Function{Env: []string{"START=hang"}}, "Sandbox.Timedout", "Task timed out after 3.00 seconds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log buffer
			test.function.Log = &log
			e := newEmulator(t, test.function)
			failure := decodeError(t, invoke(t, e, `{}`))
			if failure.Type != test.wantType || !strings.Contains(failure.Message, test.wantMessage) {
				t.Errorf("got %q: %q, want %q: %q", failure.Type, failure.Message, test.wantType, test.wantMessage)
			}
			if !strings.Contains(log.String(), " init ") {
				t.Errorf("the log %q does not say that the start failed", log.String())
			}
		})
	}
}

func TestLogHoldsWhatTheProcessPrints(t *testing.T) {
	t.Parallel()
	var log buffer
	e := newEmulator(t, lambda.Function{Log: &log})
	invoke(t, e, `{"do":"print"}`)
	decodeError(t, invoke(t, e, `{"do":"exit"}`)) // its end flushes what it printed
	for _, want := range []string{"to stdout\n", "to stderr\n", "exit status 4\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestInvokeErrors(t *testing.T) {
	t.Parallel()
	e := newEmulator(t, lambda.Function{})
	if _, err := e.Invoke(t.Context(), "other", nil); !errors.Is(err, lambda.ErrUnknownFunction) {
		t.Errorf("unknown function: got %v, want %v", err, lambda.ErrUnknownFunction)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Invoke(ended, "f", []byte(`{"do":"hang"}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: got %v, want %v", err, context.Canceled)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Invoke(t.Context(), "f", nil); !errors.Is(err, lambda.ErrClosed) {
		t.Errorf("closed emulator: got %v, want %v", err, lambda.ErrClosed)
	}
}

func TestAddFunctionRefuses(t *testing.T) {
	t.Parallel()
	e := newEmulator(t, lambda.Function{})
	for name, function := range map[string]lambda.Function{
		"no name":          {Command: "x"},
		"bad name":         {Name: "a/b", Command: "x"},
		"taken":            {Name: "f", Command: "x"},
		"no command":       {Name: "g"},
		"negative timeout": {Name: "g", Command: "x", Timeout: -1},
		"timeout too long": {Name: "g", Command: "x", Timeout: time.Hour},
		"negative memory":  {Name: "g", Command: "x", MemoryMB: -1},
		"negative maximum": {Name: "g", Command: "x", MaxInstances: -1},
	} {
		if err := e.AddFunction(function); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
