package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Result is how an invocation ended.
type Result struct {
	// Payload is the function's answer, or a JSON object with errorType and
	// errorMessage if FunctionError is set.
	Payload []byte
	// FunctionError is "Unhandled" if the function failed, and empty if not.
	FunctionError string
	RequestID     string
}

// unhandled is what Lambda calls every failure of a custom runtime.
const unhandled = "Unhandled"

// invocation is one run of a function. Its instance guards the last three
// fields until done is closed.
type invocation struct {
	id      string
	trace   string
	payload []byte
	done    chan struct{}

	deadline *time.Timer
	answered bool
	result   Result
}

// newInvocation gives the payload a request id and a trace header. An empty
// payload is an empty object, as on AWS.
func newInvocation(payload []byte) *invocation {
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	return &invocation{
		id:      newRequestID(),
		trace:   newTrace(),
		payload: payload,
		done:    make(chan struct{}),
	}
}

// failure is why there is no answer of the function: its own words, or ours.
type failure struct {
	// reported is the body that the runtime sent, if it sent one.
	reported []byte
	// kind and message are an errorType and errorMessage of Lambda.
	kind, message string
}

func (f failure) result(requestID string) Result {
	payload := f.reported
	if payload == nil {
		// Marshalling two strings cannot fail.
		payload, _ = json.Marshal(struct {
			Type    string `json:"errorType"`
			Message string `json:"errorMessage"`
		}{f.kind, "RequestId: " + requestID + " Error: " + f.message})
	}
	return Result{Payload: payload, FunctionError: unhandled, RequestID: requestID}
}

func timedOut(after time.Duration) failure {
	return failure{kind: "Sandbox.Timedout", message: fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds())}
}

// exited says why a process is gone; err is what running it returned.
func exited(err error) failure {
	switch {
	case err == nil:
		return failure{kind: "Runtime.ExitError", message: "Runtime exited without providing a reason"}
	case errors.Is(err, errEntrypoint):
		return failure{kind: "Runtime.InvalidEntrypoint", message: err.Error()}
	default:
		return failure{kind: "Runtime.ExitError", message: "Runtime exited with error: " + err.Error()}
	}
}

// newRequestID returns a random UUID (RFC 9562 section 5.4).
func newRequestID() string {
	id := random(16)
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func newTrace() string {
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s",
		time.Now().Unix(), hex.EncodeToString(random(12)), hex.EncodeToString(random(8)))
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
