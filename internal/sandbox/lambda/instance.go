package lambda

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// pipeTimeout bounds the wait for the output of a process that is gone.
const pipeTimeout = time.Second

var (
	errNotCurrent  = errors.New("the request id is not that of the current invocation")
	errNotAnswered = errors.New("the current invocation has no answer yet")
	errGone        = errors.New("the process is being killed")
	errEntrypoint  = errors.New("there is no valid bootstrap")
)

// instance is one process of a function.
type instance struct {
	function *function
	name     string
	// ctx ends when the process is to be killed.
	ctx  context.Context
	kill context.CancelFunc
	// ended is closed when the process is gone; startFailure is set before, if
	// it never asked for work.
	ended        chan struct{}
	startFailure *failure

	mu      sync.Mutex
	ready   bool // has asked for work
	busy    bool // has work, or was killed over it
	gone    bool
	failed  *failure // what it reported, or was killed for, before it was ready
	current *invocation
}

func newInstance(f *function) *instance {
	ctx, kill := context.WithCancel(f.emulator.ctx)
	return &instance{function: f, name: newRequestID(), ctx: ctx, kill: kill, ended: make(chan struct{})}
}

// run is the life of the process. It keeps its thread to itself: Linux kills
// the child when the thread that started it ends, not the whole parent.
func (i *instance) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer i.kill()
	i.end(i.execute())
}

func (i *instance) execute() error {
	listener, err := new(net.ListenConfig).Listen(i.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the runtime: %w", err)
	}
	server := &http.Server{Handler: i.runtimeAPI(), ReadHeaderTimeout: i.function.emulator.config.StartTimeout}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // returns when it is closed
	defer serving.Wait()
	defer func() { _ = server.Close() }()

	process := exec.CommandContext(i.ctx, i.function.Command) //nolint:gosec // running it is the purpose
	process.Dir = filepath.Dir(i.function.Command)
	process.Env = i.environment(listener.Addr().String())
	process.Stdout = i.function.log
	process.Stderr = i.function.log
	process.SysProcAttr = attributes()
	process.WaitDelay = pipeTimeout

	start := time.AfterFunc(i.function.emulator.config.StartTimeout, i.startExpired)
	defer start.Stop()
	if err := process.Start(); err != nil {
		return fmt.Errorf("%w: %w", errEntrypoint, err)
	}
	return process.Wait()
}

// end answers whoever still waits for the process.
func (i *instance) end(err error) {
	i.mu.Lock()
	i.gone = true
	why := exited(err)
	if i.current != nil {
		if !i.current.answered {
			i.fail(why)
		}
		i.settle()
	}
	if !i.ready {
		i.startFailure = &why
		if i.failed != nil {
			i.startFailure = i.failed
		}
		i.function.note("init", *i.startFailure)
	}
	wasFree := !i.busy
	i.mu.Unlock()
	// Whoever waits for this very instance learns of its end first.
	close(i.ended)
	i.function.room.vacate(wasFree)
}

// startExpired kills a process that does not ask for work in time.
func (i *instance) startExpired() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.ready {
		why := timedOut(i.function.emulator.config.StartTimeout)
		i.failed = &why
		i.kill()
	}
}

// startError keeps what the process reports about its own start.
func (i *instance) startError(reported []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failed = &failure{reported: reported, kind: "Runtime.InitError", message: "the function reported an error of its start"}
}

// rest ends the current invocation, for the process asks for the next one. A
// process that missed its deadline gets no other, however quick it is.
func (i *instance) rest() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.gone {
		return errGone
	}
	i.ready = true
	if i.current == nil {
		return nil
	}
	if !i.current.answered {
		return errNotAnswered
	}
	i.busy = false
	i.function.room.release() // before its caller may ask again
	i.settle()
	return nil
}

// begin makes the invocation the current one and returns its deadline. It
// fails, and the invocation with it, if the process is gone.
func (i *instance) begin(inv *invocation) (time.Time, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current = inv
	if i.gone {
		i.function.room.leave()
		i.fail(exited(nil))
		i.settle()
		return time.Time{}, false
	}
	i.busy = true
	i.function.room.take()
	inv.deadline = time.AfterFunc(i.function.Timeout, func() { i.expire(inv) })
	return time.Now().Add(i.function.Timeout), true
}

// answer keeps the outcome until the process asks for more work or exits.
func (i *instance) answer(id string, result Result) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current == nil || i.current.id != id || i.current.answered {
		return errNotCurrent
	}
	result.RequestID = id
	i.current.result = result
	i.current.answered = true
	return nil
}

// expire kills the process at the deadline of the invocation.
func (i *instance) expire(inv *invocation) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != inv {
		return
	}
	i.fail(timedOut(i.function.Timeout))
	i.settle()
	i.gone = true
	i.kill()
}

// fail gives the current invocation an outcome of ours. The lock is held.
func (i *instance) fail(why failure) {
	i.function.note(i.current.id, why)
	i.current.result = why.result(i.current.id)
}

// settle lets go of the current invocation. The lock is held.
func (i *instance) settle() {
	if i.current.deadline != nil {
		i.current.deadline.Stop()
	}
	close(i.current.done)
	i.current = nil
}
