package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"token-refresher/internal/telemetry"
)

// decode reads the one JSON object that was written.
func decode(t *testing.T, written []byte) map[string]any {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal(written, &line); err != nil {
		t.Fatalf("decode %q: %v", written, err)
	}
	return line
}

func TestLoggerWritesLambdaLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelInfo)
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})

	log.With("client", "pos").InfoContext(ctx, "token renewed", "attempt", 1)

	line := decode(t, out.Bytes())
	want := map[string]any{
		"level": "INFO", "message": "token renewed", "requestId": "request-1", "client": "pos", "attempt": 1.0,
	}
	for key, value := range want {
		if line[key] != value {
			t.Errorf("%s: got %v, want %v", key, line[key], value)
		}
	}
	timestamp, _ := line["timestamp"].(string)
	if _, err := time.Parse(time.RFC3339, timestamp); err != nil {
		t.Errorf("timestamp: got %q, want RFC 3339", timestamp)
	}
}

func TestLoggerOutsideAnInvocation(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	telemetry.NewLogger(&out, slog.LevelInfo).InfoContext(t.Context(), "starting")
	if id, ok := decode(t, out.Bytes())["requestId"]; ok {
		t.Errorf("requestId: got %v, want none", id)
	}
}

func TestLoggerLevels(t *testing.T) {
	t.Parallel()
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	for _, level := range levels {
		t.Run(level.String(), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := telemetry.NewLogger(&out, level)
			for _, of := range levels {
				out.Reset()
				log.Log(t.Context(), of, "line")
				if got, want := out.Len() > 0, of >= level; got != want {
					t.Errorf("%s at %s: written %v, want %v", of, level, got, want)
				}
			}
		})
	}
}
