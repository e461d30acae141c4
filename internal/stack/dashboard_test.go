package stack_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title   string
		Alarms  []string
		Metrics [][]any
	}
}

func widgets(t *testing.T, s *stack) []widget {
	t.Helper()
	var body struct{ Widgets []widget }
	if err := json.Unmarshal([]byte(s.properties(t, "Dashboard")["DashboardBody"].(string)), &body); err != nil {
		t.Fatalf("the dashboard's body is not JSON: %v", err)
	}
	return body.Widgets
}

// dashboard gives the metrics of all graphs.
func dashboard(t *testing.T, s *stack) (metrics []metric) {
	t.Helper()
	for _, widget := range widgets(t, s) {
		for _, row := range widget.Properties.Metrics {
			m := metric{namespace: row[0].(string), name: row[1].(string), dimensions: map[string]string{}}
			for i := 2; i+1 < len(row); i += 2 {
				m.dimensions[row[i].(string)] = row[i+1].(string)
			}
			metrics = append(metrics, m)
		}
	}
	return metrics
}

// The first thing on the dashboard is every alarm.
func TestDashboardShowsEveryAlarm(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	first := widgets(t, stack)[0]
	var want []string
	for _, id := range alarms(t, stack) {
		want = append(want, "arn:"+id)
	}
	if got := slices.Sorted(slices.Values(first.Properties.Alarms)); first.Type != "alarm" || !cmp.Equal(got, want) {
		t.Errorf("the first widget is %s of (-want +got):\n%s", first.Type, cmp.Diff(want, got))
	}
}

// Widgets that lie over each other are refused by CloudWatch's console.
func TestWidgetsLieBesideEachOther(t *testing.T) {
	t.Parallel()
	all := widgets(t, load(t, nil))
	for i, a := range all {
		if a.Properties.Title == "" || a.X < 0 || a.X+a.Width > 24 {
			t.Errorf("widget %q at %d+%d, want a title and columns 0 to 24", a.Properties.Title, a.X, a.Width)
		}
		for _, b := range all[:i] {
			if a.X < b.X+b.Width && b.X < a.X+a.Width && a.Y < b.Y+b.Height && b.Y < a.Y+a.Height {
				t.Errorf("%q lies over %q", a.Properties.Title, b.Properties.Title)
			}
		}
	}
}
