package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/app"
)

// awsEnvironment gives the SDK, which reads the process's environment, a Region
// and nothing from this machine. It keeps the test from running in parallel.
func awsEnvironment(t *testing.T, region string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": region, "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CA_BUNDLE": "",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// start starts a function whose handler is the App itself.
func start(t *testing.T, find app.Lookup, output io.Writer) (*app.App, error) {
	t.Helper()
	handler, err := app.Start(t.Context(), app.Function{
		Lookup: find, Output: output, Required: []string{"GRANT_TYPE"},
		Build: func(a *app.App) (any, error) { return a, nil },
	})
	a, _ := handler.(*app.App)
	return a, err
}

// logLine is a line as an operator sees it.
type logLine struct {
	Level, Message, Error, Warning string
	Faults                         []string
}

func logLines(t *testing.T, output string) []logLine {
	t.Helper()
	var lines []logLine
	for text := range strings.Lines(output) {
		var line logLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("decode %q: %v", text, err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestStartLogsAllFaultsInOneLine(t *testing.T) {
	awsEnvironment(t, "")
	var output bytes.Buffer
	_, err := start(t, lookup(map[string]string{"GRANT_TYPE": "", "SWEEP_INTERVAL": "1 minute", "LOG_LEVEL": "error"}), &output)
	if _, ok := errors.AsType[*app.ConfigError](err); !ok {
		t.Fatalf("Start: got %v, want a *ConfigError", err)
	}
	lines := logLines(t, output.String())
	if len(lines) != 1 || lines[0].Level != "ERROR" {
		t.Fatalf("output: got %q, want one line at ERROR", output.String())
	}
	for _, name := range []string{"AWS_REGION", "GRANT_TYPE", "SWEEP_INTERVAL"} {
		if !slices.ContainsFunc(lines[0].Faults, func(fault string) bool { return strings.HasPrefix(fault, name+": ") }) {
			t.Errorf("faults: got %q, want %s among them", lines[0].Faults, name)
		}
	}
}

func TestStartBuildsASweep(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	var output bytes.Buffer
	a, err := start(t, lookup(nil), &output)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	if _, err := a.Sweep(); err != nil {
		t.Errorf("Sweep: %v", err)
	}
	if output.Len() > 0 {
		t.Errorf("output: got %q, want none", output.String())
	}
}

func TestStartWarns(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	var output bytes.Buffer
	if _, err := start(t, lookup(map[string]string{"SECRET_WRITE_INTERVAL": "5m"}), &output); err != nil {
		t.Fatalf("Start: %v", err)
	}
	lines := logLines(t, output.String())
	if len(lines) != 1 || lines[0].Level != "WARN" || !strings.Contains(lines[0].Warning, "SECRET_WRITE_INTERVAL") {
		t.Errorf("output: got %q, want one warning of SECRET_WRITE_INTERVAL", output.String())
	}
}

func TestStartHoldsTheLogLevel(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	var output bytes.Buffer
	a, err := start(t, lookup(map[string]string{"LOG_LEVEL": "warn"}), &output)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	a.Log.InfoContext(t.Context(), "dropped")
	a.Log.WarnContext(t.Context(), "kept")
	if got := output.String(); strings.Contains(got, "dropped") || !strings.Contains(got, "kept") {
		t.Errorf("output: got %q, want the warning only", got)
	}
}

func TestStartReportsAFailedBuild(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	failure := errors.New("no handler today")
	var output bytes.Buffer
	err := app.Run(t.Context(), app.Function{
		Lookup: lookup(nil), Output: &output,
		Build: func(*app.App) (any, error) { return nil, failure },
	})
	if !errors.Is(err, failure) {
		t.Errorf("Run: got %v, want %v", err, failure)
	}
	if lines := logLines(t, output.String()); len(lines) != 1 || lines[0].Error != failure.Error() {
		t.Errorf("output: got %q, want one line about it", output.String())
	}
}

func TestStartMakesNoCall(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := app.Start(ctx, app.Function{
		Lookup: lookup(nil), Output: io.Discard,
		Build: func(a *app.App) (any, error) { return a, nil },
	}); err != nil {
		t.Errorf("Start with a context that has ended: got %v, want no error", err)
	}
}
