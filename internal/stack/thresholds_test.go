package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An alarm that asks for the wrong statistic, waits too long or looks at a metric
// that AWS does not have is silent, and looks well. So what each asks is written
// down twice: three alarms of every function, and these.
func TestWhatAlarmsAsk(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	want := map[string]string{
		"NoCompletedSweepAlarm":         "Sum SweepCompleted < 1, 5 of 5 x 60 s, breaching",
		"NoCompletedGrantSweepAlarm":    "Sum SweepCompleted < 1, 5 of 5 x 60 s, breaching",
		"LowestLifeLeftAlarm":           "Minimum LowestLifeLeftPercent < 15, 2 of 2 x 60 s, notBreaching",
		"LowestGrantLifeLeftAlarm":      "Minimum LowestLifeLeftPercent < 15, 2 of 2 x 60 s, notBreaching",
		"ResultAtRiskAlarm":             "Sum ResultAtRisk > 0, 1 of 1 x 60 s, notBreaching",
		"MassRejectionAlarm":            "Sum MassRejection > 0, 1 of 1 x 60 s, notBreaching",
		"ConsentRequiredAlarm":          "Sum ConsentRequired > 0, 1 of 1 x 300 s, notBreaching",
		"RotationLostAlarm":             "Sum RotationLost > 0, 1 of 1 x 300 s, notBreaching",
		"ClientMisconfiguredAlarm":      "Sum Failed > 0, 1 of 1 x 300 s, notBreaching",
		"GrantClientMisconfiguredAlarm": "Sum Failed > 0, 1 of 1 x 300 s, notBreaching",
		"CredentialsUnusableAlarm":      "Sum Failed > 0, 2 of 3 x 300 s, notBreaching",
		"GrantCredentialsUnusableAlarm": "Sum Failed > 0, 2 of 3 x 300 s, notBreaching",
		"ProviderFailingAlarm":          "Sum Failed > 0, 3 of 5 x 60 s, notBreaching",
		"GrantProviderFailingAlarm":     "Sum Failed > 0, 3 of 5 x 60 s, notBreaching",
		"SecretWriteFailedAlarm":        "Sum SecretWriteFailed > 0, 2 of 3 x 300 s, notBreaching",
		"GrantSecretWriteFailedAlarm":   "Sum SecretWriteFailed > 0, 2 of 3 x 300 s, notBreaching",
		"GrantLagAlarm":                 "Maximum GrantLagSeconds > 3600, 1 of 1 x 300 s, notBreaching",
		"LostInvocationsAlarm":          "Maximum ApproximateNumberOfMessagesVisible > 0, 1 of 1 x 300 s, notBreaching",
		"ConsentServerErrorsAlarm":      "Sum 5xx > 0, 1 of 1 x 300 s, notBreaching",
		"ConsentClientErrorsAlarm":      "Sum 4xx > 50, 1 of 1 x 300 s, notBreaching",
	}
	for _, function := range functions(t, stack) {
		name := strings.TrimSuffix(function, "Function")
		want[name+"ErrorsAlarm"] = "Sum Errors > 0, 1 of 1 x 300 s, notBreaching"
		if name != "Consent" && name != "AccessToken" { // where nobody waits, one may fail
			want[name+"ErrorsAlarm"] = "Sum Errors > 0, 3 of 5 x 60 s, notBreaching"
		}
		want[name+"ThrottlesAlarm"] = "Sum Throttles > 0, 1 of 1 x 300 s, notBreaching"
		want[name+"DurationAlarm"] = fmt.Sprintf("Maximum Duration > %v, 1 of 1 x 300 s, notBreaching",
			800*stack.properties(t, function)["Timeout"].(float64))
	}
	got := map[string]string{}
	for _, id := range alarms(t, stack) {
		got[id] = asks(stack.properties(t, id))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what alarms ask (-want +got):\n%s", diff)
	}
}

func asks(alarm map[string]any) string {
	comparison := map[any]string{"LessThanThreshold": "<", "GreaterThanThreshold": ">"}[alarm["ComparisonOperator"]]
	datapoints := alarm["DatapointsToAlarm"]
	if datapoints == nil {
		datapoints = alarm["EvaluationPeriods"]
	}
	text := fmt.Sprint(alarm["Statistic"], " ", alarm["MetricName"], " ", comparison, " ", alarm["Threshold"],
		", ", datapoints, " of ", alarm["EvaluationPeriods"], " x ", alarm["Period"], " s, ", alarm["TreatMissingData"])
	if enabled, set := alarm["ActionsEnabled"]; set {
		text += fmt.Sprint(", actions enabled: ", enabled)
	}
	return text
}
