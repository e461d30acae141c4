package stack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What others may do with the policies that the stack offers. As everywhere,
// each refusal stands beside a request that differs in one thing.
func TestPoliciesForOthers(t *testing.T) {
	t.Parallel()
	const (
		get, batch = "secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"
		invoke     = "lambda:InvokeFunction"
		own        = secretARN + "mobilepay/reporting/"
	)
	// as is a caller whose role is tagged with one client, on a secret of another
	// or the same one.
	as := func(caller, owner string) map[string]string {
		context := map[string]string{resourceTag: consented}
		if caller != "" {
			context["aws:PrincipalTag/token-refresher:client"] = caller
		}
		if owner != "" {
			context["aws:ResourceTag/token-refresher:client"] = owner
		}
		return context
	}
	tests := []struct {
		name, policy string
		request      request
		want         bool
	}{
		{"read a merchant's token", "ReadTokensPolicy", request{get, own + "DK12345678/access-token-AbCdEf", as("reporting", "reporting")}, true},
		{"read an integrator's token", "ReadTokensPolicy", request{get, secretARN + "mobilepay/pos/access-token-AbCdEf", as("pos", "pos")}, true},
		{"read another client's token", "ReadTokensPolicy", request{get, own + "DK12345678/access-token-AbCdEf", as("pos", "reporting")}, false},
		{"read a token without a tag of one's own", "ReadTokensPolicy", request{get, own + "DK12345678/access-token-AbCdEf", as("", "reporting")}, false},
		{"read an untagged token", "ReadTokensPolicy", request{get, own + "DK12345678/access-token-AbCdEf", as("reporting", "")}, false},
		{"read a token under another prefix", "ReadTokensPolicy", request{get, secretARN + "other/reporting/access-token-AbCdEf", as("reporting", "reporting")}, false},
		{"read a grant", "ReadTokensPolicy", request{get, own + "DK12345678/grant-AbCdEf", as("reporting", "reporting")}, false},
		{"read credentials", "ReadTokensPolicy", request{get, own + "credentials-AbCdEf", as("reporting", "reporting")}, false},
		{"read the sealing key", "ReadTokensPolicy", request{get, secretARN + "mobilepay/sealing-key-AbCdEf", as("reporting", "reporting")}, false},
		{"read the stack's sealing key", "ReadTokensPolicy", request{get, "ref:SealingKey", as("reporting", "reporting")}, false},
		{"read the stack's invite key", "ReadTokensPolicy", request{get, "ref:InviteKey", as("reporting", "reporting")}, false},
		{"read many tokens", "ReadTokensPolicy", request{batch, "*", as("reporting", "reporting")}, false},
		{"write a token", "ReadTokensPolicy", request{"secretsmanager:PutSecretValue", own + "DK12345678/access-token-AbCdEf", as("reporting", "reporting")}, false},
		{"read the journal", "ReadTokensPolicy", request{"dynamodb:GetItem", "arn:Journal", as("reporting", "reporting")}, false},

		{"ask for a token", "InvokeAccessTokenPolicy", request{invoke, "ref:AccessTokenFunctionAliaslive", nil}, true},
		{"ask the operator function for a token", "InvokeAccessTokenPolicy", request{invoke, "ref:OperatorFunctionAliaslive", nil}, false},
		{"start a sweep", "InvokeAccessTokenPolicy", request{invoke, "ref:GrantsFunctionAliaslive", nil}, false},
		{"read a token beside the function", "InvokeAccessTokenPolicy", request{get, own + "DK12345678/access-token-AbCdEf", as("reporting", "reporting")}, false},
		{"change the function", "InvokeAccessTokenPolicy", request{"lambda:UpdateFunctionCode", "arn:AccessTokenFunction", nil}, false},

		{"operator: ask", "OperatorPolicy", request{invoke, "ref:OperatorFunctionAliaslive", nil}, true},
		{"operator: ask by name", "OperatorPolicy", request{invoke, "arn:OperatorFunction", nil}, true},
		{"operator: ask for a token as a service", "OperatorPolicy", request{invoke, "ref:AccessTokenFunctionAliaslive", nil}, false},
		{"operator: start a sweep", "OperatorPolicy", request{invoke, "ref:GrantsFunctionAliaslive", nil}, false},
		{"operator: read a token", "OperatorPolicy", request{get, own + "DK12345678/access-token-AbCdEf", as("reporting", "reporting")}, false},
		{"operator: read a grant", "OperatorPolicy", request{get, own + "DK12345678/grant-AbCdEf", as("reporting", "reporting")}, false},
		{"operator: read the journal", "OperatorPolicy", request{"dynamodb:GetItem", "arn:Journal", nil}, false},
	}
	stack := load(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := allows(stack.statements(t, test.policy), test.request); got != test.want {
				t.Errorf("%s: %s on %s with %v: allowed %v, want %v", test.policy, test.request.action, test.request.resource, test.request.context, got, test.want)
			}
		})
	}
}

// The three policies are all there are, and can be found.
func TestPoliciesForOthersAreOutputs(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	var found []string
	for _, id := range stack.ids(t, "AWS::IAM::ManagedPolicy") {
		found = append(found, id)
		if got := stack.resolve(t, stack.Outputs[id+"Arn"].Value); got != "ref:"+id {
			t.Errorf("the output %sArn is %v, want %s", id, got, id)
		}
		for _, key := range []string{"Roles", "Users", "Groups"} {
			if got, set := stack.properties(t, id)[key]; set {
				t.Errorf("%s is attached to %v, want it for others to attach", id, got)
			}
		}
	}
	if diff := cmp.Diff([]string{"InvokeAccessTokenPolicy", "OperatorPolicy", "ReadTokensPolicy"}, found); diff != "" {
		t.Errorf("managed policies (-want +got):\n%s", diff)
	}
}
