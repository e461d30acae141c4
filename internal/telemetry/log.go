package telemetry

import (
	"context"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLogger returns a logger that writes one JSON object a line to w, with the
// keys that Lambda's JSON log format expects (`timestamp` in RFC 3339, `level`,
// `message`) and the request id of the invocation in whose context a line is
// logged. Lines below level are dropped here.
//
// lambdacontext.NewLogger does nearly this, but takes its level from Lambda's
// own ApplicationLogLevel: Lambda would then drop EMF lines too, which have no
// level and count as INFO. So that setting stays at its most talkative and
// LOG_LEVEL decides here.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(requestHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level:       level,
		ReplaceAttr: lambdacontext.ReplaceAttr,
	})})
}

// requestHandler adds the request id, under the name that Lambda's own platform
// lines use, so that one query finds both.
type requestHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h requestHandler) Handle(ctx context.Context, record slog.Record) error {
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		record = record.Clone()
		record.AddAttrs(slog.String("requestId", invocation.AwsRequestID)) //nolint:sloglint // the name is Lambda's
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}
