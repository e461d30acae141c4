package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"token-refresher/internal/app"
)

// start starts the function in an environment, as main does.
func start(t *testing.T, variables map[string]string) (handler any, log *bytes.Buffer, err error) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CA_BUNDLE": "",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	log = &bytes.Buffer{}
	handler, err = app.Start(t.Context(), app.Function{
		Lookup:   func(name string) (string, bool) { value, ok := variables[name]; return value, ok },
		Output:   log,
		Required: []string{"JOURNAL_TABLE"},
		Build:    build,
	})
	return handler, log, err
}

// The function answers through aws-lambda-go; what its events mean is tested
// beside operate.Handler.
func TestHandlerIsOfTheLambdaRuntime(t *testing.T) {
	handler, log, err := start(t, map[string]string{"JOURNAL_TABLE": "journal"})
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	answer, err := lambda.NewHandler(handler).Invoke(t.Context(), []byte(`{"action":"get","token":"pos"}`))
	if err != nil || !strings.HasPrefix(string(answer), `{"error":"not_allowed",`) {
		t.Errorf("get: answered %s (%v), want not_allowed", answer, err)
	}
	if _, err := lambda.NewHandler(handler).Invoke(t.Context(), []byte(`{"action":"sweep"}`)); err == nil || !strings.Contains(log.String(), "unknown action") {
		t.Errorf("sweep: got %v and log %s, want an error", err, log)
	}
}

func TestStartNeedsTheJournal(t *testing.T) {
	_, log, err := start(t, nil)
	if _, ok := errors.AsType[*app.ConfigError](err); !ok || !strings.Contains(log.String(), "JOURNAL_TABLE") {
		t.Errorf("Start: got %v and log %s, want a fault of JOURNAL_TABLE", err, log)
	}
}
