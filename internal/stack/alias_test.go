package stack_test

import (
	"strings"
	"testing"
)

// A deployment moves the alias, and moving it back is the way back: so nothing
// may invoke a function beside it.
func TestEverythingInvokesTheAlias(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	aliases := map[any]bool{}
	for _, id := range stack.ids(t, "AWS::Lambda::Alias") {
		properties := stack.properties(t, id)
		if properties["Name"] != "live" {
			t.Errorf("%s is called %v, want live", id, properties["Name"])
		}
		aliases[properties["FunctionName"]] = true
	}
	for _, id := range functions(t, stack) {
		if !aliases["ref:"+id] {
			t.Errorf("%s has no alias", id)
		}
	}
	schedules := map[string]string{"RefreshSchedule": "ref:RefreshFunctionAliaslive", "GrantsSchedule": "ref:GrantsFunctionAliaslive"}
	for id, want := range schedules {
		if got := at(stack.properties(t, id), "Target", "Arn"); got != want {
			t.Errorf("%s starts %v, want %s", id, got, want)
		}
	}
	for _, output := range []string{"AccessTokenFunctionArn", "OperatorFunctionArn"} {
		if got, _ := stack.resolve(t, stack.Outputs[output].Value).(string); !strings.HasSuffix(got, "Aliaslive") {
			t.Errorf("the output %s is %s, want an alias", output, got)
		}
	}
}

// A changed property is a new version as much as new code: else a rollback would
// bring back the old code with the new settings, or none. SAM does not look at the
// values of parameters: TestDeployPublishesChangedSettings.
func TestEveryChangeIsAVersion(t *testing.T) {
	t.Parallel()
	template := readTemplate(t)
	if function := template.Globals.Function; function.AutoPublishAlias != "live" || !function.AutoPublishAliasAllProperties {
		t.Errorf("AutoPublishAlias is %q, for all properties: %v; want live, for all", function.AutoPublishAlias, function.AutoPublishAliasAllProperties)
	}
}

// The functions join a network only if one is given.
func TestNetwork(t *testing.T) {
	t.Parallel()
	inside := load(t, map[string]string{"SubnetIds": "subnet-0123abcd,subnet-4567abcd", "SecurityGroupIds": "sg-0123abcd"})
	outside := load(t, nil)
	create := request{"ec2:CreateNetworkInterface", "*", nil}
	for _, id := range functions(t, inside) {
		role := strings.TrimSuffix(id, "Function") + "Role"
		if got := at(inside.properties(t, id), "VpcConfig", "SubnetIds"); len(list(got)) != 2 {
			t.Errorf("%s runs in %v, want both subnets", id, got)
		}
		if !allows(inside.statements(t, role), create) {
			t.Errorf("%s may not join them", role)
		}
		if got := outside.properties(t, id)["VpcConfig"]; got != nil {
			t.Errorf("%s runs in %v without subnets", id, got)
		}
		if allows(outside.statements(t, role), create) {
			t.Errorf("%s may make network interfaces without subnets", role)
		}
	}
}

// New accounts have no concurrency to reserve. Where some is asked for, it holds
// sweeps apart; whom people and services wait for is never throttled by it.
func TestReservedConcurrency(t *testing.T) {
	t.Parallel()
	reserved, free := load(t, map[string]string{"ReservedConcurrency": "1"}), load(t, nil)
	for _, id := range functions(t, free) {
		want := ""
		if id == "RefreshFunction" || id == "GrantsFunction" {
			want = "1"
		}
		if got, _ := reserved.properties(t, id)["ReservedConcurrentExecutions"].(string); got != want {
			t.Errorf("%s: %q is reserved, want %q", id, got, want)
		}
		if got := free.properties(t, id)["ReservedConcurrentExecutions"]; got != nil {
			t.Errorf("%s: %v is reserved without the parameter", id, got)
		}
	}
}
