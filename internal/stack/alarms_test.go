package stack_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"token-refresher/internal/telemetry"
)

func TestEveryAlarmIsUseful(t *testing.T) {
	t.Parallel()
	const topic = "arn:aws:sns:eu-west-1:123456789012:alarms"
	silent, loud := load(t, nil), load(t, map[string]string{"AlarmTopicArn": topic})
	alarms := loud.ids(t, "AWS::CloudWatch::Alarm")
	if len(alarms) == 0 {
		t.Fatal("the template has no alarm")
	}
	for _, id := range alarms {
		properties := loud.properties(t, id)
		if text, _ := properties["AlarmDescription"].(string); len(text) < 60 {
			t.Errorf("%s: description %q does not say what to do", id, text)
		}
		if actions, _ := properties["AlarmActions"].([]any); !slices.Contains(actions, any(topic)) {
			t.Errorf("%s: alarm actions are %v, want the topic", id, properties["AlarmActions"])
		}
		if actions, ok := silent.properties(t, id)["AlarmActions"]; ok {
			t.Errorf("%s: alarm actions without a topic are %v, want none", id, actions)
		}
		if properties["TreatMissingData"] == nil {
			t.Errorf("%s does not say what missing data means", id)
		}
	}
}

// An alarm on a metric that nobody writes, or under other dimensions, never
// fires: what the alarm names must be what a completed sweep writes.
func TestSweepAlarmsWatchWhatIsWritten(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	for id, function := range map[string]string{
		"NoCompletedSweepAlarm": "RefreshFunction", "NoCompletedGrantSweepAlarm": "GrantsFunction",
		"ResultAtRiskAlarm": "GrantsFunction", "MassRejectionAlarm": "GrantsFunction", "GrantLagAlarm": "GrantsFunction",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			checkWatched(t, stack.properties(t, id), completedSweep(t, environment(t, stack, function)))
		})
	}
}

func checkWatched(t *testing.T, alarm, line map[string]any) {
	t.Helper()
	metrics := at(line, "_aws", "CloudWatchMetrics").([]any)[0]
	if got, want := alarm["Namespace"], at(metrics, "Namespace"); got != want {
		t.Errorf("namespace is %v, want %v", got, want)
	}
	if line[alarm["MetricName"].(string)] == nil {
		t.Errorf("a completed sweep writes no %v", alarm["MetricName"])
	}
	var names []any
	for _, dimension := range alarm["Dimensions"].([]any) {
		name := at(dimension, "Name")
		names = append(names, name)
		if got, want := at(dimension, "Value"), line[name.(string)]; got != want {
			t.Errorf("dimension %v is %v, want %v", name, got, want)
		}
	}
	if written := at(metrics, "Dimensions").([]any)[0].([]any); !slices.Equal(names, written) {
		t.Errorf("dimensions are %v, want %v", names, written)
	}
}

// completedSweep is what a function with this environment writes.
func completedSweep(t *testing.T, env map[string]string) map[string]any {
	t.Helper()
	var output bytes.Buffer
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: &output, GrantType: env["GRANT_TYPE"], SecretPrefix: env["SECRET_PREFIX"]})
	if err != nil {
		t.Fatal(err)
	}
	var sweep telemetry.Sweep
	if env["GRANT_TYPE"] == consented {
		sweep.Grants = &telemetry.Grants{}
	}
	if err := metrics.Sweep(sweep); err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.NewDecoder(&output).Decode(&line); err != nil {
		t.Fatal(err)
	}
	return line
}
