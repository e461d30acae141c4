package telemetry

import (
	"context"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
)

// SilenceTracing keeps the X-Ray SDK from writing to standard output, where it
// would complain about a missing daemon line by line. It changes the SDK's
// package state, so a process calls it once, before anything is traced.
func SilenceTracing() { xray.SetLogger(xraylog.NullLogger) }

// Trace runs work as a subsegment called name of the invocation's trace and
// returns work's error, which is recorded with its text: it must hold no
// secret. Nothing about tracing makes work fail or wait: without a trace (a
// test, a command on somebody's machine), with AWS_XRAY_SDK_DISABLED=TRUE or
// without a daemon, work just runs.
//
// A trace ends at 100 to 500 KB, so this is for the few phases of a sweep, not
// for its tokens.
func Trace(ctx context.Context, name string, work func(context.Context) error) (err error) {
	if ctx.Value(xray.LambdaTraceHeaderKey) == nil && xray.GetSegment(ctx) == nil {
		return work(ctx)
	}
	traced, segment := xray.BeginSubsegment(ctx, name)
	defer func() { segment.Close(err) }()
	return work(traced)
}
