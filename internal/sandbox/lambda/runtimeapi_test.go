package lambda_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/lambda"
)

func TestRuntimeAPIRefusesMistakes(t *testing.T) {
	t.Parallel()
	var log buffer
	e := newEmulator(t, lambda.Function{Env: []string{"START=raw"}, Timeout: time.Minute, Log: &log})
	result := invoke(t, e, `{}`)
	if result.FunctionError != "" {
		t.Fatalf("the invocation failed: %s", result.Payload)
	}
	got := map[string]int{}
	if err := json.Unmarshal(result.Payload, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"next without an answer": 403, "answer of another": 400, "error of another": 400}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if want := "first answer: 202 second answer: 400"; !strings.Contains(log.String(), want) {
		t.Errorf("the log %q lacks %q", log.String(), want)
	}
}
