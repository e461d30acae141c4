package telemetry_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/aws/aws-xray-sdk-go/v2/xray"

	"token-refresher/internal/telemetry"
)

// emitter keeps the names of the subsegments that X-Ray would have been sent,
// each with the texts of its exceptions.
type emitter struct {
	mu   sync.Mutex
	sent map[string][]string
}

// Emit implements xray.Emitter. The SDK holds the segment's lock.
func (e *emitter) Emit(segment *xray.Segment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var texts []string
	for _, exception := range segment.GetCause().Exceptions {
		texts = append(texts, exception.Message)
	}
	e.sent[segment.Name] = texts
}

// RefreshEmitterWithAddress implements xray.Emitter.
func (*emitter) RefreshEmitterWithAddress(*net.UDPAddr) {}

const sampled = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

// invocation is a context as aws-lambda-go makes it, traced into an emitter.
func invocation(t *testing.T, header string) (context.Context, *emitter) {
	t.Helper()
	sink := &emitter{sent: map[string][]string{}}
	ctx := context.WithValue(t.Context(), xray.RecorderContextKey{}, &xray.Config{Emitter: sink})
	return context.WithValue(ctx, xray.LambdaTraceHeaderKey, header), sink //nolint:staticcheck // the key that aws-lambda-go sets is a string
}

func TestTrace(t *testing.T) {
	t.Parallel()
	ctx, sink := invocation(t, sampled)
	failure := errors.New("list secrets: throttled")

	err := telemetry.Trace(ctx, "list", func(context.Context) error { return failure })

	if !errors.Is(err, failure) {
		t.Errorf("Trace: got %v, want %v", err, failure)
	}
	if texts := sink.sent["list"]; len(texts) != 1 || texts[0] != failure.Error() {
		t.Errorf("exceptions: got %q, want the error's text", texts)
	}
}

func TestTraceEndsWhenWorkPanics(t *testing.T) {
	t.Parallel()
	ctx, sink := invocation(t, sampled)
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
		if _, ok := sink.sent["list"]; !ok {
			t.Error("the subsegment was not ended")
		}
	}()
	_ = telemetry.Trace(ctx, "list", func(context.Context) error { panic("bug") })
}

// complaint is a context in which the SDK would report that it has no trace,
// which it does on standard output.
type complaint struct{ t *testing.T }

// ContextMissing implements ctxmissing.Strategy.
func (c complaint) ContextMissing(text any) { c.t.Errorf("the SDK complains: %v", text) }

func TestTraceRunsWorkWithoutATrace(t *testing.T) {
	t.Parallel()
	outside := context.WithValue(t.Context(), xray.RecorderContextKey{}, &xray.Config{ContextMissingStrategy: complaint{t}})
	unsampled, _ := invocation(t, "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
	garbled, _ := invocation(t, ";;=")
	tests := []struct {
		name string
		ctx  context.Context
	}{
		{"outside Lambda", outside},
		{"not sampled", unsampled},
		{"garbled header", garbled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ran := false
			err := telemetry.Trace(test.ctx, "list", func(context.Context) error { ran = true; return nil })
			if err != nil || !ran {
				t.Errorf("Trace: ran %v with error %v, want it to run without", ran, err)
			}
		})
	}
}

func TestTraceWhenDisabled(t *testing.T) {
	t.Setenv("AWS_XRAY_SDK_DISABLED", "TRUE")
	ctx, sink := invocation(t, sampled)
	failure := errors.New("list secrets: throttled")
	if err := telemetry.Trace(ctx, "list", func(context.Context) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("Trace: got %v, want %v", err, failure)
	}
	if len(sink.sent) != 0 {
		t.Errorf("sent %v, want nothing", sink.sent)
	}
}
