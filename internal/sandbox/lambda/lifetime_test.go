package lambda_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/sandbox/lambda"
)

func TestInstancesUpToTheMaximumAndNoMore(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	e := newEmulator(t, lambda.Function{Timeout: time.Minute, MaxInstances: 3})
	var all sync.WaitGroup
	run := func() {
		all.Go(func() {
			if result, err := e.Invoke(t.Context(), "f", m.event()); err != nil || result.FunctionError != "" {
				t.Errorf("Invoke: %s, %v", result.Payload, err)
			}
		})
	}
	processes := map[string]bool{}
	var there []guest
	for range 3 {
		run()
		there = append(there, m.accept(t)) // all three are there at once
		processes[there[len(there)-1].pid] = true
	}
	if len(processes) != 3 {
		t.Errorf("processes: got %d, want 3", len(processes))
	}
	run()
	run()
	for i := range 2 {
		there[i].dismiss()
		there = append(there, m.accept(t))
		if late := there[len(there)-1]; !processes[late.pid] {
			t.Errorf("process %s is a fourth one", late.pid)
		}
	}
	for _, waiting := range there {
		waiting.dismiss()
	}
	all.Wait()
}

func TestWaitingInvocationIsServedAfterACrash(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	e := newEmulator(t, lambda.Function{Timeout: 4 * time.Second})
	crashed := make(chan functionError, 1)
	go func() {
		result, err := e.Invoke(t.Context(), "f", m.event())
		if err != nil {
			t.Errorf("Invoke: %v", err)
		}
		crashed <- decodeError(t, result)
	}()
	busy := m.accept(t)
	look(t, e) // waits for the only instance, and gets its successor
	busy.waitGone(t)
	if got := <-crashed; got.Type != "Sandbox.Timedout" {
		t.Errorf("first invocation: got %q, want a timeout", got.Type)
	}
}

func TestFunctionRunsOnWhenItsCallerIsGone(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	e := newEmulator(t, lambda.Function{Timeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := e.Invoke(ctx, "f", m.event())
		gone <- err
	}()
	busy := m.accept(t)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("Invoke: got %v, want %v", err, context.Canceled)
	}
	go busy.dismiss()
	// The only instance is free again once the abandoned invocation is over.
	if result := invoke(t, e, `{}`); result.FunctionError != "" {
		t.Errorf("next invocation: %s", result.Payload)
	}
}

func TestCloseEndsEveryProcess(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	e := newEmulator(t, lambda.Function{Timeout: time.Minute})
	ended := make(chan error, 1)
	go func() {
		_, err := e.Invoke(t.Context(), "f", m.event())
		ended <- err
	}()
	busy := m.accept(t)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if busy.exists(t) {
		t.Error("Close has returned, and the process is still there")
	}
	if err := <-ended; !errors.Is(err, lambda.ErrClosed) {
		t.Errorf("invocation under way: got %v, want %v", err, lambda.ErrClosed)
	}
}

// TestChildrenDieWithAKilledParent runs this test binary as the program that
// has the emulator, and kills it.
func TestChildrenDieWithAKilledParent(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), parentVariable+"="+m.address(), "LAMBDA_TEST_BOOTSTRAP="+bootstrap())
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	children := []guest{m.accept(t), m.accept(t), m.accept(t)}
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		child.waitGone(t)
	}
	if err := command.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the parent ended with %v, want it killed", err)
	}
}

// parent has an idle child, which said that it is there when it started, and a
// busy one, which says it again in its invocation. It ends when it is killed.
func parent(address, command string) {
	e := lambda.New(lambda.Config{})
	for _, name := range []string{"idle", "busy"} {
		err := e.AddFunction(lambda.Function{
			Name: name, Command: command, Timeout: time.Minute, Env: []string{"BEACON=" + address},
		})
		if err != nil {
			panic(err)
		}
	}
	if _, err := e.Invoke(context.Background(), "idle", nil); err != nil {
		panic(err)
	}
	_, err := e.Invoke(context.Background(), "busy", []byte(`{"do":"meet","address":"`+address+`"}`))
	panic(err)
}

// Where the kernel does not see to it, the runtime client does: it exits when
// its Runtime API is gone.
func TestRuntimeExitsWithoutItsAPI(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	defer api.Close()
	process := exec.CommandContext(t.Context(), bootstrap())
	process.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + api.Listener.Addr().String()}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	api.CloseClientConnections()
	if err := process.Wait(); err == nil {
		t.Error("the process ended well, want a failure")
	}
}
