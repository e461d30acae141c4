package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/telemetry"
)

// emf is an EMF document as CloudWatch reads it.
type emf struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
	members map[string]any
}

// datum is one metric with its unit, its dimensions and its value.
type datum struct {
	Unit       string
	Dimensions map[string]string
	Value      float64
}

// data resolves every metric that a line declares, as CloudWatch does: what is
// declared and has no member is lost there and fails here.
func data(t *testing.T, line string) map[string]datum {
	t.Helper()
	var document emf
	if err := errors.Join(json.Unmarshal([]byte(line), &document), json.Unmarshal([]byte(line), &document.members)); err != nil {
		t.Fatalf("decode %q: %v", line, err)
	}
	if got, want := document.AWS.Timestamp, now().UnixMilli(); got != want {
		t.Errorf("timestamp: got %d, want %d", got, want)
	}
	found := map[string]datum{}
	for _, directive := range document.AWS.CloudWatchMetrics {
		if directive.Namespace != "TokenRefresher" {
			t.Errorf("namespace: got %q, want TokenRefresher", directive.Namespace)
		}
		if len(directive.Dimensions) != 1 {
			t.Fatalf("dimension sets: got %d, want 1", len(directive.Dimensions))
		}
		dimensions := map[string]string{}
		for _, name := range directive.Dimensions[0] {
			dimensions[name], _ = document.members[name].(string)
		}
		for _, metric := range directive.Metrics {
			value, ok := document.members[metric.Name].(float64)
			if !ok {
				t.Errorf("%s is declared and has no value", metric.Name)
			}
			found[metric.Name] = datum{Unit: metric.Unit, Dimensions: dimensions, Value: value}
		}
	}
	return found
}

func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC) }

func writeSweep(t *testing.T, sweep telemetry.Sweep) []map[string]datum {
	t.Helper()
	var out bytes.Buffer
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: &out, GrantType: "client_credentials", SecretPrefix: "mobilepay", Now: now})
	if err != nil {
		t.Fatalf("NewMetrics: %v", err)
	}
	if err := metrics.Sweep(sweep); err != nil {
		t.Fatalf("Sweep: %v", err)
	}
	var lines []map[string]datum
	for line := range strings.Lines(out.String()) {
		lines = append(lines, data(t, line))
	}
	return lines
}

func TestSweepMetrics(t *testing.T) {
	t.Parallel()
	lowest := 41.5
	plain := map[string]string{"GrantType": "client_credentials", "SecretPrefix": "mobilepay"}
	class := func(name string) map[string]string {
		return map[string]string{"GrantType": "client_credentials", "SecretPrefix": "mobilepay", "Class": name}
	}
	tests := []struct {
		name  string
		sweep telemetry.Sweep
		want  []map[string]datum
	}{
		{
			name: "everything",
			sweep: telemetry.Sweep{
				Due: 7, Renewed: 4, Remaining: 1, SecretWriteFailed: 2,
				FailedByClass:         map[string]int{"transient": 1, "client": 2},
				LowestLifeLeftPercent: &lowest, Duration: 1500 * time.Millisecond,
			},
			want: []map[string]datum{
				{
					"Due": {"Count", plain, 7}, "Renewed": {"Count", plain, 4}, "Failed": {"Count", plain, 3},
					"SecretWriteFailed": {"Count", plain, 2}, "Remaining": {"Count", plain, 1},
					"SweepDuration":         {"Milliseconds", plain, 1500},
					"LowestLifeLeftPercent": {"Percent", plain, 41.5}, "SweepCompleted": {"Count", plain, 1},
				},
				{"Failed": {"Count", class("client"), 2}},
				{"Failed": {"Count", class("transient"), 1}},
			},
		},
		{
			name:  "nothing to do, nothing promised",
			sweep: telemetry.Sweep{},
			want: []map[string]datum{{
				"Due": {"Count", plain, 0}, "Renewed": {"Count", plain, 0}, "Failed": {"Count", plain, 0},
				"SecretWriteFailed": {"Count", plain, 0}, "Remaining": {"Count", plain, 0},
				"SweepDuration": {"Milliseconds", plain, 0}, "SweepCompleted": {"Count", plain, 1},
			}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, writeSweep(t, test.sweep)); diff != "" {
				t.Errorf("metrics differ (-want +got):\n%s", diff)
			}
		})
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken pipe")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestMetricsReportABrokenWriter(t *testing.T) {
	t.Parallel()
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: brokenWriter{}, GrantType: "client_credentials", SecretPrefix: "mobilepay"})
	if err != nil {
		t.Fatalf("NewMetrics: %v", err)
	}
	if err := metrics.Sweep(telemetry.Sweep{}); !errors.Is(err, errBroken) {
		t.Errorf("Sweep: got %v, want %v", err, errBroken)
	}
}

func TestMetricsRefuseAnIncompleteConfig(t *testing.T) {
	t.Parallel()
	for _, config := range []telemetry.MetricsConfig{
		{},
		{Writer: brokenWriter{}, SecretPrefix: "mobilepay"},
		{Writer: brokenWriter{}, GrantType: "client_credentials"},
		{GrantType: "client_credentials", SecretPrefix: "mobilepay"},
	} {
		if _, err := telemetry.NewMetrics(config); err == nil {
			t.Errorf("NewMetrics(%+v): got no error", config)
		}
	}
}

// Answers that a function other than the sweep could not store page as well.
func TestAtRisk(t *testing.T) {
	t.Parallel()
	var output bytes.Buffer
	metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{
		Writer: &output, GrantType: "authorization_code", SecretPrefix: "mobilepay", Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := metrics.AtRisk(2); err != nil {
		t.Fatal(err)
	}
	want := map[string]datum{"ResultAtRisk": {
		Unit: "Count", Value: 2, Dimensions: map[string]string{"GrantType": "authorization_code", "SecretPrefix": "mobilepay"},
	}}
	if diff := cmp.Diff(want, data(t, output.String())); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// What is renewed on demand counts by the names that sweeps count by, under its
// own grant type; of what did not happen nothing is written.
func TestOnDemand(t *testing.T) {
	t.Parallel()
	of := func(grantType string) map[string]string {
		return map[string]string{"GrantType": grantType, "SecretPrefix": "mobilepay"}
	}
	class := func(name, grantType string) map[string]string {
		return map[string]string{"GrantType": grantType, "SecretPrefix": "mobilepay", "Class": name}
	}
	one := func(dimensions map[string]string) datum { return datum{"Count", dimensions, 1} }
	tests := []struct {
		name   string
		demand telemetry.OnDemand
		want   []map[string]datum
	}{
		{"renewed", telemetry.OnDemand{GrantType: "client_credentials", Renewed: true}, []map[string]datum{{"Renewed": one(of("client_credentials"))}}},
		{
			"for somebody else", telemetry.OnDemand{GrantType: "authorization_code", Renewed: true, ConsentRequired: true, Adopted: true},
			[]map[string]datum{{"Renewed": one(of("authorization_code")), "ConsentRequired": one(of("authorization_code")), "Adopted": one(of("authorization_code"))}},
		},
		{
			"lost", telemetry.OnDemand{GrantType: "authorization_code", FailedClass: "grant", RotationLost: true},
			[]map[string]datum{{"Failed": one(of("authorization_code")), "RotationLost": one(of("authorization_code"))}, {"Failed": one(class("grant", "authorization_code"))}},
		},
		{
			"refused", telemetry.OnDemand{GrantType: "client_credentials", FailedClass: "client"},
			[]map[string]datum{{"Failed": one(of("client_credentials"))}, {"Failed": one(class("client", "client_credentials"))}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var output bytes.Buffer
			metrics, err := telemetry.NewMetrics(telemetry.MetricsConfig{Writer: &output, GrantType: "authorization_code", SecretPrefix: "mobilepay", Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if err := metrics.OnDemand(test.demand); err != nil {
				t.Fatal(err)
			}
			var got []map[string]datum
			for line := range strings.Lines(output.String()) {
				got = append(got, data(t, line))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}
