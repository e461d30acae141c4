package stack_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	secretARN   = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
	keyARN      = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
	resourceTag = "aws:ResourceTag/token-refresher:grant-type"
	requestTag  = "aws:RequestTag/token-refresher:grant-type"
	integrator  = "client_credentials"
	consented   = "authorization_code"
)

// Every refusal stands beside a request that differs in one thing and is
// allowed: a role that could do nothing would not pass.
func TestRefreshRoleReachesItsOwnSecretsOnly(t *testing.T) {
	t.Parallel()
	statements := load(t, nil).statements(t, "RefreshRole")
	mine := map[string]string{resourceTag: integrator}
	theirs := map[string]string{resourceTag: consented}

	tests := []struct {
		name    string
		request request
		want    bool
	}{
		{"read credentials", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/credentials-AbCdEf", mine}, true},
		{"read credentials of another grant type", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/credentials-AbCdEf", theirs}, false},
		{"read untagged credentials", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/credentials-AbCdEf", nil}, false},
		{"read credentials that are gone, by name", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/credentials", nil}, true},
		{"read credentials under another prefix", request{"secretsmanager:GetSecretValue", secretARN + "other/pos/credentials-AbCdEf", mine}, false},
		{"read credentials in another account", request{"secretsmanager:GetSecretValue", strings.Replace(secretARN, "123456789012", "210987654321", 1) + "mobilepay/pos/credentials-AbCdEf", mine}, false},
		{"write credentials", request{"secretsmanager:PutSecretValue", secretARN + "mobilepay/pos/credentials-AbCdEf", mine}, false},

		{"read an access token", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/access-token-AbCdEf", mine}, true},
		{"read a merchant's access token", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/DK12345678/access-token-AbCdEf", mine}, true},
		{"read one that does not exist yet", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/access-token-AbCdEf", nil}, true},
		{"read one that does not exist yet, by name", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/access-token", nil}, true},
		{"describe one that was made without a value", request{"secretsmanager:DescribeSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", nil}, true},
		{"describe one of a grant", request{"secretsmanager:DescribeSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", theirs}, false},
		{"describe credentials", request{"secretsmanager:DescribeSecret", secretARN + "mobilepay/pos/credentials-AbCdEf", mine}, true},
		{"describe credentials of another grant type", request{"secretsmanager:DescribeSecret", secretARN + "mobilepay/pos/credentials-AbCdEf", theirs}, false},
		{"read an access token of a grant", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/reporting/DK12345678/access-token-AbCdEf", theirs}, false},
		{"read a secret whose name only begins alike", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/access-token-old-AbCdEf", mine}, false},
		{"read a grant", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/reporting/DK12345678/grant-AbCdEf", theirs}, false},
		{"read a grant with a wrong tag", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/reporting/DK12345678/grant-AbCdEf", mine}, false},
		{"read the sealing key", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/sealing-key-AbCdEf", nil}, false},

		{"write an access token", request{"secretsmanager:PutSecretValue", secretARN + "mobilepay/pos/access-token-AbCdEf", mine}, true},
		{"write an access token of a grant", request{"secretsmanager:PutSecretValue", secretARN + "mobilepay/reporting/DK12345678/access-token-AbCdEf", theirs}, false},
		{"write an untagged access token", request{"secretsmanager:PutSecretValue", secretARN + "mobilepay/pos/access-token-AbCdEf", nil}, false},
		{"write a grant", request{"secretsmanager:PutSecretValue", secretARN + "mobilepay/reporting/DK12345678/grant-AbCdEf", mine}, false},
		{"restore an access token", request{"secretsmanager:RestoreSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", mine}, true},
		{"restore an access token of a grant", request{"secretsmanager:RestoreSecret", secretARN + "mobilepay/reporting/DK12345678/access-token-AbCdEf", theirs}, false},
		{"delete an access token", request{"secretsmanager:DeleteSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", mine}, false},
		{"share an access token", request{"secretsmanager:PutResourcePolicy", secretARN + "mobilepay/pos/access-token-AbCdEf", mine}, false},

		{"create an access token", request{"secretsmanager:CreateSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", map[string]string{requestTag: integrator}}, true},
		{"create one for another grant type", request{"secretsmanager:CreateSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", map[string]string{requestTag: consented}}, false},
		{"create an untagged one", request{"secretsmanager:CreateSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", nil}, false},
		{"create a grant", request{"secretsmanager:CreateSecret", secretARN + "mobilepay/pos/DK12345678/grant-AbCdEf", map[string]string{requestTag: integrator}}, false},
		{"create credentials", request{"secretsmanager:CreateSecret", secretARN + "mobilepay/pos/credentials-AbCdEf", map[string]string{requestTag: integrator}}, false},
		{"tag what it creates", request{"secretsmanager:TagResource", secretARN + "mobilepay/pos/access-token-AbCdEf", map[string]string{requestTag: integrator}}, true},
		{"claim an access token of a grant", request{"secretsmanager:TagResource", secretARN + "mobilepay/reporting/DK12345678/access-token-AbCdEf", map[string]string{requestTag: integrator, resourceTag: consented}}, false},
		{"hand over an access token", request{"secretsmanager:TagResource", secretARN + "mobilepay/pos/access-token-AbCdEf", map[string]string{requestTag: consented, resourceTag: integrator}}, false},

		{"list secrets", request{"secretsmanager:ListSecrets", "*", nil}, true},
		{"read a batch", request{"secretsmanager:BatchGetSecretValue", "*", nil}, true},
		{"read the journal", request{"dynamodb:GetItem", "arn:Journal", nil}, false},
		{"scan the journal", request{"dynamodb:Scan", "arn:Journal", nil}, false},
		{"find what is due", request{"dynamodb:Query", "arn:Journal/index/due", nil}, false},
		{"write the journal", request{"dynamodb:PutItem", "arn:Journal", nil}, false},
		{"read the stack's sealing key", request{"secretsmanager:GetSecretValue", "ref:SealingKey", nil}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := allows(statements, test.request); got != test.want {
				t.Errorf("%s on %s with %v: allowed %v, want %v", test.request.action, test.request.resource, test.request.context, got, test.want)
			}
		})
	}
}

// What every function may do beside its work, and no further: its own log, the
// queue, its traces, events in our name, and the key through Secrets Manager.
func TestCommonRights(t *testing.T) {
	t.Parallel()
	via := map[string]string{"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
	ours := map[string]string{"events:source": "token-refresher"}
	const busARN = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
	with, without := load(t, map[string]string{"SecretKmsKeyId": keyARN}), load(t, nil)
	for _, function := range functions(t, with) {
		name := strings.TrimSuffix(function, "Function")
		tests := []struct {
			name    string
			stack   *stack
			request request
			want    bool
		}{
			{"decrypt a secret", with, request{"kms:Decrypt", keyARN, via}, true},
			{"encrypt a secret", with, request{"kms:GenerateDataKey", keyARN, via}, true},
			{"decrypt anything else", with, request{"kms:Decrypt", keyARN, nil}, false},
			{"decrypt with another key", with, request{"kms:Decrypt", keyARN + "0", via}, false},
			{"decrypt without a key of one's own", without, request{"kms:Decrypt", keyARN, via}, false},
			{"write the own log", without, request{"logs:PutLogEvents", "arn:" + name + "LogGroup", nil}, true},
			{"write another log", without, request{"logs:PutLogEvents", "arn:OtherLogGroup", nil}, false},
			{"read the own log", without, request{"logs:GetLogEvents", "arn:" + name + "LogGroup", nil}, false},
			{"report a failure", without, request{"sqs:SendMessage", "arn:LostInvocations", nil}, true},
			{"write another queue", without, request{"sqs:SendMessage", "arn:OtherQueue", nil}, false},
			{"send a trace", without, request{"xray:PutTraceSegments", "*", nil}, true},
			{"read traces", without, request{"xray:GetTraceSummaries", "*", nil}, false},
			{"tell others", without, request{"events:PutEvents", busARN, ours}, true},
			{"tell others in another's name", without, request{"events:PutEvents", busARN, map[string]string{"events:source": "aws.lambda"}}, false},
			{"tell others on another bus", without, request{"events:PutEvents", busARN + "2", ours}, false},
		}
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				if got := allows(test.stack.statements(t, name+"Role"), test.request); got != test.want {
					t.Errorf("%s on %s with %v: allowed %v, want %v", test.request.action, test.request.resource, test.request.context, got, test.want)
				}
			})
		}
	}
}

func TestScheduleRole(t *testing.T) {
	t.Parallel()
	statements := load(t, nil).statements(t, "ScheduleRole")
	tests := []struct {
		name    string
		request request
		want    bool
	}{
		{"start a sweep", request{"lambda:InvokeFunction", "ref:RefreshFunctionAliaslive", nil}, true},
		{"start a sweep over grants", request{"lambda:InvokeFunction", "ref:GrantsFunctionAliaslive", nil}, true},
		{"start a sweep beside the alias", request{"lambda:InvokeFunction", "arn:GrantsFunction", nil}, false},
		{"ask the operator function", request{"lambda:InvokeFunction", "ref:OperatorFunctionAliaslive", nil}, false},
		{"ask for a token", request{"lambda:InvokeFunction", "ref:AccessTokenFunctionAliaslive", nil}, false},
		{"report a failure", request{"sqs:SendMessage", "arn:LostInvocations", nil}, true},
		{"write another queue", request{"sqs:SendMessage", "arn:OtherQueue", nil}, false},
		{"list secrets", request{"secretsmanager:ListSecrets", "*", nil}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := allows(statements, test.request); got != test.want {
				t.Errorf("%s on %s: allowed %v, want %v", test.request.action, test.request.resource, got, test.want)
			}
		})
	}
}

// Actions that may act on every resource, because AWS lets nobody restrict them.
func unrestricted() []string {
	return []string{
		// Lambda makes the network interfaces before it knows their names.
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
		"secretsmanager:BatchGetSecretValue", // each secret in it needs GetSecretValue
		"secretsmanager:ListSecrets",         // names and tags, no value
		"xray:PutTelemetryRecords",
		"xray:PutTraceSegments",
	}
}

func TestNoRoleIsWide(t *testing.T) {
	t.Parallel()
	stack := load(t, map[string]string{"SecretKmsKeyId": keyARN, "SubnetIds": "subnet-0123abcd", "SecurityGroupIds": "sg-0123abcd"})
	for _, role := range slices.Concat(stack.ids(t, "AWS::IAM::Role"), stack.ids(t, "AWS::IAM::ManagedPolicy")) {
		for _, statement := range stack.statements(t, role) {
			for _, action := range statement.actions {
				if strings.ContainsAny(action, "*?") {
					t.Errorf("%s, %s: action %s is a pattern", role, statement.sid, action)
				}
				if slices.Contains(statement.resources, "*") && !slices.Contains(unrestricted(), action) {
					t.Errorf("%s, %s: %s acts on every resource", role, statement.sid, action)
				}
			}
		}
		if arns, ok := stack.properties(t, role)["ManagedPolicyArns"]; ok {
			t.Errorf("%s has managed policies %v, want only what stands in the template", role, arns)
		}
	}
}

// IAM counts the characters of all inline policies of a role, white space aside,
// and takes 10,240. The prefix of the secrets is in many of them.
func TestRolesFitIntoIAM(t *testing.T) {
	t.Parallel()
	const limit, longest = 10240, 128
	stack := load(t, map[string]string{
		"SecretPrefix": strings.Repeat("p", longest), "SecretKmsKeyId": keyARN,
		"SubnetIds": "subnet-0123abcd", "SecurityGroupIds": "sg-0123abcd",
	})
	for _, role := range stack.ids(t, "AWS::IAM::Role") {
		size := 0
		for _, policy := range list(stack.properties(t, role)["Policies"]) {
			document, err := json.Marshal(at(policy, "PolicyDocument"))
			if err != nil {
				t.Fatal(err)
			}
			size += len(document)
		}
		if size > limit {
			t.Errorf("%s: policies of %d characters, want %d at most", role, size, limit)
		}
	}
}

// A role that is assumed by something else than its service, or one that SAM
// made up, is a way around all of the above.
func TestWhoMayAssumeARole(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	got := map[string][]any{}
	for _, role := range stack.ids(t, "AWS::IAM::Role") {
		for _, raw := range list(at(stack.properties(t, role), "AssumeRolePolicyDocument", "Statement")) {
			got[role] = append(got[role], at(raw, "Principal"), at(raw, "Condition"))
		}
	}
	want := map[string][]any{
		"AccessTokenRole": {map[string]any{"Service": "lambda.amazonaws.com"}, nil},
		"ConsentRole":     {map[string]any{"Service": "lambda.amazonaws.com"}, nil},
		"GrantsRole":      {map[string]any{"Service": "lambda.amazonaws.com"}, nil},
		"OperatorRole":    {map[string]any{"Service": "lambda.amazonaws.com"}, nil},
		"RefreshRole":     {map[string]any{"Service": "lambda.amazonaws.com"}, nil},
		"ScheduleRole": {
			map[string]any{"Service": "scheduler.amazonaws.com"},
			map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": "123456789012"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles and who assumes them (-want +got):\n%s", diff)
	}
}

func TestEveryRoleTakesTheBoundary(t *testing.T) {
	t.Parallel()
	const boundary = "arn:aws:iam::123456789012:policy/boundary"
	bounded, free := load(t, map[string]string{"PermissionsBoundaryArn": boundary}), load(t, nil)
	for _, role := range bounded.ids(t, "AWS::IAM::Role") {
		if got := bounded.properties(t, role)["PermissionsBoundary"]; got != boundary {
			t.Errorf("%s has permissions boundary %v, want %s", role, got, boundary)
		}
		if keys := slices.Sorted(maps.Keys(free.properties(t, role))); slices.Contains(keys, "PermissionsBoundary") {
			t.Errorf("%s has a permissions boundary that nobody asked for", role)
		}
	}
}
