package stack_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryAlarmIsUseful(t *testing.T) {
	t.Parallel()
	const topic = "arn:aws:sns:eu-west-1:123456789012:alarms"
	silent, loud := load(t, nil), load(t, map[string]string{"AlarmTopicArn": topic})
	for _, id := range alarms(t, loud) {
		properties := loud.properties(t, id)
		for _, key := range []string{"AlarmActions", "OKActions"} {
			if actions, _ := properties[key].([]any); !slices.Contains(actions, any(topic)) {
				t.Errorf("%s: %s are %v, want the topic", id, key, properties[key])
			}
			if actions, ok := silent.properties(t, id)[key]; ok {
				t.Errorf("%s: %s without a topic are %v, want none", id, key, actions)
			}
		}
		if properties["TreatMissingData"] == nil {
			t.Errorf("%s does not say what missing data means", id)
		}
	}
}

// description is how every alarm describes itself.
var description = regexp.MustCompile(`^Severity: (page|ticket)\. (.{20,}) Runbook: docs/operate\.md#([a-z-]+)$`)

// Somebody who is woken reads the severity, what happened, and under which
// heading to go on.
func TestEveryAlarmLeadsToItsRunbook(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	headings, pages := headings(t), []string{}
	used := map[string]bool{}
	for _, id := range alarms(t, stack) {
		text, _ := stack.properties(t, id)["AlarmDescription"].(string)
		parts := description.FindStringSubmatch(text)
		if parts == nil {
			t.Errorf("%s: description %q, want a severity, what happened, and a runbook", id, text)
			continue
		}
		if parts[1] == "page" {
			pages = append(pages, id)
		}
		if !slices.Contains(headings, parts[3]) {
			t.Errorf("%s: docs/operate.md has no heading %q", id, parts[3])
		}
		used[parts[3]] = true
	}
	want := []string{
		"LowestGrantLifeLeftAlarm", "LowestLifeLeftAlarm", "MassRejectionAlarm",
		"NoCompletedGrantSweepAlarm", "NoCompletedSweepAlarm", "ResultAtRiskAlarm",
	}
	if diff := cmp.Diff(want, pages); diff != "" {
		t.Errorf("alarms that page (-want +got):\n%s", diff)
	}
	for _, heading := range runbooks(t) {
		if !used[heading] {
			t.Errorf("docs/operate.md has a runbook %q, which no alarm leads to", heading)
		}
	}
}

// Every function has the same three alarms, whatever else watches it.
func TestEveryFunctionHasAlarms(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	watched := map[string]float64{} // metric and function, and the threshold
	for _, id := range alarms(t, stack) {
		properties := stack.properties(t, id)
		if properties["Namespace"] == "AWS/Lambda" {
			key := fmt.Sprint(properties["MetricName"], " ", at(properties["Dimensions"].([]any)[0], "Value"))
			watched[key] = properties["Threshold"].(float64)
		}
	}
	want := map[string]float64{}
	for _, id := range functions(t, stack) {
		want["Errors ref:"+id], want["Throttles ref:"+id] = 0, 0
		const share = 0.8 * 1000 // of the timeout, in milliseconds
		want["Duration ref:"+id] = share * stack.properties(t, id)["Timeout"].(float64)
	}
	if diff := cmp.Diff(want, watched); diff != "" {
		t.Errorf("alarms on functions (-want +got):\n%s", diff)
	}
}

// No completed sweep is the alarm of last resort: what stops the metrics must
// not stop it, and it comes before a token can have expired.
func TestSilenceIsAnAlarm(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	for _, id := range []string{"NoCompletedSweepAlarm", "NoCompletedGrantSweepAlarm"} {
		properties := stack.properties(t, id)
		if got := properties["TreatMissingData"]; got != "breaching" {
			t.Errorf("%s: missing data is %v, want breaching", id, got)
		}
		if seconds := properties["Period"].(float64) * properties["EvaluationPeriods"].(float64); seconds > 300 {
			t.Errorf("%s comes after %v s, want 300 at most", id, seconds)
		}
	}
}

func alarms(t *testing.T, s *stack) []string {
	t.Helper()
	ids := s.ids(t, "AWS::CloudWatch::Alarm")
	if len(ids) == 0 {
		t.Fatal("the template has no alarm")
	}
	return ids
}

var notInAnchors = regexp.MustCompile(`[^a-z0-9 -]`)

// headings are the anchors of docs/operate.md, as GitHub makes them.
func headings(t *testing.T) []string {
	t.Helper()
	var anchors []string
	for line := range strings.Lines(operate(t)) {
		if text := strings.TrimLeft(line, "#"); text != line {
			anchors = append(anchors, anchor(text))
		}
	}
	return anchors
}

// runbooks are the anchors of the headings below "Alarms".
func runbooks(t *testing.T) []string {
	t.Helper()
	_, alarms, found := strings.Cut(operate(t), "\n## Alarms\n")
	if !found {
		t.Fatal("docs/operate.md has no part on alarms")
	}
	alarms, _, _ = strings.Cut(alarms, "\n## ")
	var anchors []string
	for line := range strings.Lines(alarms) {
		if text, ok := strings.CutPrefix(line, "### "); ok {
			anchors = append(anchors, anchor(text))
		}
	}
	return anchors
}

func anchor(heading string) string {
	text := notInAnchors.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
	return strings.ReplaceAll(text, " ", "-")
}

func operate(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
