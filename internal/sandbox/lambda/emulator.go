package lambda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// Defaults of Config and Function; those of Function are AWS's own.
const (
	DefaultRegion   = "eu-west-1"
	DefaultAccount  = "000000000000"
	DefaultTimeout  = 3 * time.Second
	DefaultMemoryMB = 128
	// DefaultStartTimeout is what Lambda gives a process until it asks for work.
	DefaultStartTimeout = 10 * time.Second
)

// maxTimeout is the longest that Lambda lets a function run.
const maxTimeout = 15 * time.Minute

// The reasons why an invocation does not reach a function.
var (
	ErrUnknownFunction = errors.New("unknown function")
	ErrThrottled       = errors.New("every instance is busy")
	ErrClosed          = errors.New("the emulator is closed")
)

var functionName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Config says where the functions seem to be. The zero value works.
type Config struct {
	// Region and Account appear in ARNs, Region in the children's environment.
	Region, Account string
	// StartTimeout bounds the time from the start of a process until it asks
	// for work; DefaultStartTimeout when zero.
	StartTimeout time.Duration
	// Sampled asks for the trace of every invocation, which a process then
	// sends to the daemon that its AWS_XRAY_DAEMON_ADDRESS names.
	Sampled bool
}

// Function is a function that can be invoked.
type Function struct {
	Name string
	// Command is the path of the bootstrap binary; a relative one is relative
	// to the working directory of the emulator.
	Command string
	// Env is the function's environment, "NAME=value" each. Nothing of the
	// emulator's own environment is passed on; Lambda's reserved variables are
	// added and win.
	Env []string
	// Timeout bounds one invocation: at it, the process is killed. At most 15
	// minutes; DefaultTimeout when zero.
	Timeout time.Duration
	// MemoryMB is only reported to the function; DefaultMemoryMB when zero.
	MemoryMB int
	// MaxInstances bounds the processes at once; 1 when zero.
	MaxInstances int
	// Log receives what the processes print and a line for every invocation
	// that ended without their answer; nil discards it. Writes do not overlap.
	Log io.Writer
}

// Emulator runs functions. Its methods are safe for concurrent use.
type Emulator struct {
	config Config
	mux    *http.ServeMux
	// ctx ends when the emulator is closed, and every process with it.
	ctx    context.Context
	cancel context.CancelFunc
	// running counts the goroutines of processes and asynchronous invocations.
	running sync.WaitGroup

	mu        sync.Mutex
	functions map[string]*function
	closed    bool
}

// New makes an Emulator without functions; the caller closes it.
func New(config Config) *Emulator {
	config.Region = cmp.Or(config.Region, DefaultRegion)
	config.Account = cmp.Or(config.Account, DefaultAccount)
	config.StartTimeout = cmp.Or(config.StartTimeout, DefaultStartTimeout)
	ctx, cancel := context.WithCancel(context.Background())
	e := &Emulator{config: config, ctx: ctx, cancel: cancel, functions: map[string]*function{}}
	e.mux = e.routes()
	return e
}

// AddFunction makes a function known; no process is started before it is
// invoked. It fails on a bad or taken name, an empty command, a timeout out of
// range and a negative number.
func (e *Emulator) AddFunction(f Function) error {
	f, err := f.complete()
	if err != nil {
		return fmt.Errorf("add function %q: %w", f.Name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, taken := e.functions[f.Name]; taken {
		return fmt.Errorf("add function %q: the name is taken", f.Name)
	}
	e.functions[f.Name] = newFunction(e, f)
	return nil
}

// Invoke runs a function and waits for its answer. A failure of the function
// is in the Result; an error means that it was not run to an end: the name is
// unknown (ErrUnknownFunction), its instances stayed busy for longer than its
// timeout and a start take (ErrThrottled), the emulator is closed (ErrClosed) or ctx has ended,
// which stops the waiting but not the function.
func (e *Emulator) Invoke(ctx context.Context, name string, payload []byte) (Result, error) {
	f, known := e.find(name)
	if !known {
		return Result{}, fmt.Errorf("invoke %q: %w", name, ErrUnknownFunction)
	}
	result, err := f.invoke(ctx, newInvocation(payload))
	if err != nil {
		return Result{}, fmt.Errorf("invoke %q: %w", name, err)
	}
	return result, nil
}

// Close kills every process and returns when all are gone. Invocations under
// way end with ErrClosed.
func (e *Emulator) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel()
	e.running.Wait()
	return nil
}

// spawn runs work in a goroutine that Close waits for, unless the emulator is
// closed already.
func (e *Emulator) spawn(work func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.running.Go(work)
	}
	return !e.closed
}

func (e *Emulator) find(name string) (*function, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f, known := e.functions[name]
	return f, known
}

func (e *Emulator) arn(name string) string {
	return "arn:aws:lambda:" + e.config.Region + ":" + e.config.Account + ":function:" + name
}

// complete checks the function and fills in its defaults.
func (f Function) complete() (Function, error) {
	if !functionName.MatchString(f.Name) {
		return f, errors.New("the name is not 1 to 64 letters, digits, hyphens and underscores")
	}
	if f.Command == "" {
		return f, errors.New("there is no command")
	}
	command, err := filepath.Abs(f.Command)
	if err != nil {
		return f, fmt.Errorf("find the command: %w", err)
	}
	if f.Timeout < 0 || f.Timeout > maxTimeout {
		return f, fmt.Errorf("a timeout of %s is not within 0 and %s", f.Timeout, maxTimeout)
	}
	if f.MemoryMB < 0 || f.MaxInstances < 0 {
		return f, errors.New("memory and instances cannot be negative")
	}
	f.Command = command
	f.Timeout = cmp.Or(f.Timeout, DefaultTimeout)
	f.MemoryMB = cmp.Or(f.MemoryMB, DefaultMemoryMB)
	f.MaxInstances = cmp.Or(f.MaxInstances, 1)
	if f.Log == nil {
		f.Log = io.Discard
	}
	return f, nil
}
