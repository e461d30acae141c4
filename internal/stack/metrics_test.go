package stack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"

	"token-refresher/internal/oauth"
	"token-refresher/internal/telemetry"
)

// classes are the values that the dimension Class takes: those of oauth.Class,
// and refresh's own.
func classes() []string {
	names := []string{"credentials", "store"}
	for _, class := range []oauth.Class{oauth.ClassClient, oauth.ClassGrant, oauth.ClassThrottled, oauth.ClassTransient, oauth.ClassUnknown} {
		names = append(names, string(class))
	}
	return names
}

// An alarm or a graph on a metric that nobody writes, or under other dimensions,
// shows nothing, ever: what they name must be what a completed sweep writes.
func TestWhatIsWatchedIsWritten(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	written := map[string]bool{}
	for _, function := range []string{"RefreshFunction", "GrantsFunction"} {
		for _, name := range completedSweep(t, environment(t, stack, function)) {
			written[name] = true
		}
	}
	check := func(where string, m metric) {
		if m.namespace == telemetry.Namespace && !written[m.String()] {
			t.Errorf("%s: nobody writes %s", where, m)
		}
	}
	for _, id := range alarms(t, stack) {
		properties := stack.properties(t, id)
		m := metric{namespace: properties["Namespace"].(string), name: properties["MetricName"].(string), dimensions: map[string]string{}}
		for _, dimension := range properties["Dimensions"].([]any) {
			m.dimensions[at(dimension, "Name").(string)] = at(dimension, "Value").(string)
		}
		check(id, m)
	}
	graphs := dashboard(t, stack)
	for _, m := range graphs {
		check("Dashboard", m)
	}
	for name := range written { // what is written is worth looking at
		if !slices.ContainsFunc(graphs, func(m metric) bool { return m.String() == name }) {
			t.Errorf("Dashboard: %s is not shown", name)
		}
	}
}

// metric is one metric as CloudWatch tells it from others.
type metric struct {
	namespace, name string
	dimensions      map[string]string
}

// String has the dimensions in the order of their names.
func (m metric) String() string {
	text := m.name
	for _, name := range []string{"Class", "GrantType", "SecretPrefix"} {
		if value, ok := m.dimensions[name]; ok {
			text += " " + name + "=" + value
		}
	}
	return text
}

// completedSweep names the metrics that a function with this environment writes,
// with a failure of every class.
func completedSweep(t *testing.T, env map[string]string) []string {
	t.Helper()
	var output bytes.Buffer
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: &output, GrantType: env["GRANT_TYPE"], SecretPrefix: env["SECRET_PREFIX"]})
	if err != nil {
		t.Fatal(err)
	}
	life := 50.0
	sweep := telemetry.Sweep{FailedByClass: map[string]int{}, LowestLifeLeftPercent: &life}
	for _, class := range classes() {
		sweep.FailedByClass[class] = 1
	}
	if env["GRANT_TYPE"] == consented {
		sweep.Grants = &telemetry.Grants{}
	}
	if err := metrics.Sweep(sweep); err != nil {
		t.Fatal(err)
	}
	if env["GRANT_TYPE"] == consented { // what other functions write is among it
		if err := metrics.AtRisk(1); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for decoder := json.NewDecoder(&output); ; {
		var line map[string]any
		if err := decoder.Decode(&line); errors.Is(err, io.EOF) {
			return names
		} else if err != nil {
			t.Fatal(err)
		}
		names = append(names, namesIn(line)...)
	}
}

// namesIn names the metrics of one EMF line.
func namesIn(line map[string]any) (names []string) {
	directive := at(line, "_aws", "CloudWatchMetrics").([]any)[0]
	for _, one := range at(directive, "Metrics").([]any) {
		m := metric{name: at(one, "Name").(string), dimensions: map[string]string{}}
		for _, dimension := range at(directive, "Dimensions").([]any)[0].([]any) {
			m.dimensions[dimension.(string)] = line[dimension.(string)].(string)
		}
		names = append(names, m.String())
	}
	return names
}
