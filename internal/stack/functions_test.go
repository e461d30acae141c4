package stack_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// variables are the contract's environment of the functions (docs/contract.md).
func variables() []string {
	return []string{
		"ALLOWED_CLIENTS", "ALLOW_GET", "GRANT_TYPE", "JOURNAL_TABLE", "LOG_LEVEL", "PROVIDER_HOSTS", "PUBLIC_URL",
		"RECONCILE_INTERVAL", "REFRESH_CONCURRENCY", "SECRET_KMS_KEY_ID", "SECRET_PREFIX", "SECRET_TAGS",
		"SECRET_WRITES_PER_SECOND", "SECRET_WRITE_INTERVAL", "SWEEP_INTERVAL",
	}
}

func TestEveryFunctionStandsAlone(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	roles, groups := map[any]string{}, map[any]string{}
	for _, id := range functions(t, stack) {
		properties := stack.properties(t, id)
		role, group := properties["Role"], at(properties, "LoggingConfig", "LogGroup")
		if other, taken := roles[role]; taken {
			t.Errorf("%s shares role %v with %s", id, role, other)
		}
		if other, taken := groups[group]; taken {
			t.Errorf("%s shares log group %v with %s", id, group, other)
		}
		roles[role], groups[group] = id, id
		if !kept(t, stack, group) {
			t.Errorf("%s logs to %v, want a log group of the template with a retention", id, group)
		}
	}
}

// kept tells whether group refers to a log group that does not keep for ever.
func kept(t *testing.T, s *stack, group any) bool {
	t.Helper()
	return slices.ContainsFunc(s.ids(t, "AWS::Logs::LogGroup"), func(id string) bool {
		return group == "ref:"+id && s.properties(t, id)["RetentionInDays"] != nil
	})
}

func TestFunctionsRunAsBuilt(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	want := map[string]any{"Handler": "bootstrap", "Runtime": "provided.al2023", "Architectures": []any{"arm64"}, "TracingConfig": map[string]any{"Mode": "Active"}}
	for _, id := range functions(t, stack) {
		properties := stack.properties(t, id)
		for key, value := range want {
			if got := properties[key]; fmt.Sprint(got) != fmt.Sprint(value) {
				t.Errorf("%s: %s is %v, want %v", id, key, got, value)
			}
		}
	}
}

// Lambda repeats a failed asynchronous invocation twice and drops it then. Here
// the next sweep is the repetition, and what failed leaves a message.
func TestFailuresGoSomewhere(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	configured := map[any]map[string]any{}
	for _, id := range stack.ids(t, "AWS::Lambda::EventInvokeConfig") {
		properties := stack.properties(t, id)
		if properties["Qualifier"] == "live" {
			configured[properties["FunctionName"]] = properties
		}
	}
	for _, id := range functions(t, stack) {
		config := configured["ref:"+id]
		if got := config["MaximumRetryAttempts"]; got != 0.0 {
			t.Errorf("%s: Lambda repeats it %v times, want 0", id, got)
		}
		if got := config["MaximumEventAgeInSeconds"]; got != 60.0 {
			t.Errorf("%s: an invocation may wait %v s, want one interval, 60", id, got)
		}
		if got := at(config, "DestinationConfig", "OnFailure", "Destination"); !reports(t, stack, got) {
			t.Errorf("%s: failures go to %v, want an encrypted queue that keeps them 14 days", id, got)
		}
	}
	for _, id := range stack.ids(t, "AWS::Scheduler::Schedule") {
		target := stack.properties(t, id)["Target"]
		if attempts, age := at(target, "RetryPolicy", "MaximumRetryAttempts"), at(target, "RetryPolicy", "MaximumEventAgeInSeconds"); attempts != 0.0 || age != 60.0 {
			t.Errorf("%s: repeated %v times within %v s, want 0 and 60", id, attempts, age)
		}
		if got := at(target, "DeadLetterConfig", "Arn"); !reports(t, stack, got) {
			t.Errorf("%s: lost invocations go to %v, want an encrypted queue that keeps them 14 days", id, got)
		}
	}
}

// reports tells whether arn is a queue that keeps a report safely and long.
func reports(t *testing.T, s *stack, arn any) bool {
	t.Helper()
	return slices.ContainsFunc(s.ids(t, "AWS::SQS::Queue"), func(id string) bool {
		properties := s.properties(t, id)
		return arn == "arn:"+id && properties["SqsManagedSseEnabled"] == true && properties["MessageRetentionPeriod"] == 1209600.0
	})
}

func TestEnvironmentIsTheContracts(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	for _, id := range functions(t, stack) {
		for name := range environment(t, stack, id) {
			if !slices.Contains(variables(), name) {
				t.Errorf("%s: the contract knows no %s", id, name)
			}
		}
	}
}

// A physical name of our choice would allow one stack per account only, and
// would stop CloudFormation from replacing the resource. The names that are part
// of the contract differ from stack to stack.
func TestNothingHasAFixedName(t *testing.T) {
	t.Parallel()
	stack := load(t, map[string]string{"SecretPrefix": "prefix"})
	names := []string{"AlarmName", "DashboardName", "FunctionName", "GroupName", "LogGroupName", "ManagedPolicyName", "Name", "QueueName", "RoleName", "TableName", "TopicName"}
	contracts := map[string]string{
		"OperatorFunction": "token-refresher-operator", "SealingKey": "prefix/sealing-key", "InviteKey": "prefix/invite-key",
	}
	// A FunctionName is a reference there; an alias and an API have a name that
	// need not be unique.
	named := []string{
		"AWS::ApiGatewayV2::Api", "AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Permission", "AWS::Lambda::Version",
	}
	for id, resource := range stack.Resources {
		if slices.Contains(named, resource.Type) {
			continue
		}
		properties := stack.properties(t, id)
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			if slices.Contains(names, key) && properties[key] != contracts[id] {
				t.Errorf("%s has the fixed %s %v", id, key, properties[key])
			}
		}
	}
}

func functions(t *testing.T, s *stack) []string {
	t.Helper()
	ids := s.ids(t, "AWS::Lambda::Function")
	if len(ids) == 0 {
		t.Fatal("the template has no function")
	}
	return ids
}

func environment(t *testing.T, s *stack, id string) map[string]string {
	t.Helper()
	variables, ok := at(s.properties(t, id), "Environment", "Variables").(map[string]any)
	if !ok {
		t.Fatalf("%s has no environment", id)
	}
	environment := map[string]string{}
	for name, value := range variables {
		environment[name] = fmt.Sprint(value)
	}
	return environment
}
