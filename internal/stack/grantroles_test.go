package stack_test

import "testing"

// What both roles that touch grants may do, and what neither may. mine is the
// tag that both know.
func grantRights() []right {
	mine, theirs := map[string]string{resourceTag: consented}, map[string]string{resourceTag: integrator}
	create := map[string]string{requestTag: consented}
	const reporting = secretARN + "mobilepay/reporting/DK12345678/"
	return []right{
		{"read credentials", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/reporting/credentials-AbCdEf", mine}, true},
		{"read untagged credentials", request{"secretsmanager:GetSecretValue", secretARN + "mobilepay/reporting/credentials-AbCdEf", nil}, false},
		{"write credentials", request{"secretsmanager:PutSecretValue", secretARN + "mobilepay/reporting/credentials-AbCdEf", mine}, false},
		{"read credentials under another prefix", request{"secretsmanager:GetSecretValue", secretARN + "other/reporting/credentials-AbCdEf", mine}, false},

		{"read a grant", request{"secretsmanager:GetSecretValue", reporting + "grant-AbCdEf", mine}, true},
		{"describe a grant", request{"secretsmanager:DescribeSecret", reporting + "grant-AbCdEf", mine}, true},
		{"describe one that is not there", request{"secretsmanager:DescribeSecret", reporting + "grant", nil}, true},
		{"read one that a person pasted", request{"secretsmanager:GetSecretValue", reporting + "grant-AbCdEf", nil}, true},
		{"read one with a wrong tag", request{"secretsmanager:GetSecretValue", reporting + "grant-AbCdEf", theirs}, false},
		{"write a grant", request{"secretsmanager:PutSecretValue", reporting + "grant-AbCdEf", mine}, true},
		{"restore a grant", request{"secretsmanager:RestoreSecret", reporting + "grant-AbCdEf", mine}, true},
		{"delete a grant", request{"secretsmanager:DeleteSecret", reporting + "grant-AbCdEf", mine}, false},
		{"share a grant", request{"secretsmanager:PutResourcePolicy", reporting + "grant-AbCdEf", mine}, false},
		{"create a grant", request{"secretsmanager:CreateSecret", reporting + "grant-AbCdEf", create}, true},
		{"create an untagged one", request{"secretsmanager:CreateSecret", reporting + "grant-AbCdEf", nil}, false},
		{"create credentials", request{"secretsmanager:CreateSecret", secretARN + "mobilepay/reporting/credentials-AbCdEf", create}, false},

		{"write an access token", request{"secretsmanager:PutSecretValue", reporting + "access-token-AbCdEf", mine}, true},
		{"write an untagged access token", request{"secretsmanager:PutSecretValue", reporting + "access-token-AbCdEf", nil}, false},
		{"create an access token", request{"secretsmanager:CreateSecret", reporting + "access-token-AbCdEf", create}, true},
		{"look for an access token", request{"secretsmanager:GetSecretValue", reporting + "access-token", nil}, true},

		{"read the sealing key", request{"secretsmanager:GetSecretValue", "ref:SealingKey", nil}, true},
		{"write the sealing key", request{"secretsmanager:PutSecretValue", "ref:SealingKey", nil}, false},
		{"read the journal", request{"dynamodb:GetItem", "arn:Journal", nil}, true},
		{"write the journal", request{"dynamodb:PutItem", "arn:Journal", nil}, true},
		{"walk over the journal", request{"dynamodb:Scan", "arn:Journal", nil}, true},
		{"find what is due", request{"dynamodb:Query", "arn:Journal/index/due", nil}, true},
		{"find what is unpublished", request{"dynamodb:Query", "arn:Journal/index/publish", nil}, true},
		{"delete from the journal", request{"dynamodb:DeleteItem", "arn:Journal", nil}, false},
		{"delete the journal", request{"dynamodb:DeleteTable", "arn:Journal", nil}, false},
		{"use another table", request{"dynamodb:GetItem", "arn:Other", nil}, false},
		{"invoke a function", request{"lambda:InvokeFunction", "arn:OperatorFunction", nil}, false},
	}
}

// right is a request, and whether it is allowed.
type right struct {
	name    string
	request request
	want    bool
}

func TestGrantRoles(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"GrantsRole", "OperatorRole"} {
		statements := load(t, nil).statements(t, role)
		for _, test := range grantRights() {
			t.Run(role+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				if got := allows(statements, test.request); got != test.want {
					t.Errorf("%s on %s with %v: allowed %v, want %v", test.request.action, test.request.resource, test.request.context, got, test.want)
				}
			})
		}
	}
}

// Integrator tokens are the operator's business as well, and not the grants
// function's.
func TestGrantsRoleLeavesIntegratorTokensAlone(t *testing.T) {
	t.Parallel()
	tag := map[string]string{resourceTag: integrator}
	stack := load(t, nil)
	for name, request := range map[string]request{
		"read credentials":      {"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/credentials-AbCdEf", tag},
		"read an access token":  {"secretsmanager:GetSecretValue", secretARN + "mobilepay/pos/access-token-AbCdEf", tag},
		"write an access token": {"secretsmanager:PutSecretValue", secretARN + "mobilepay/pos/access-token-AbCdEf", tag},
		"create an access token": {
			"secretsmanager:CreateSecret", secretARN + "mobilepay/pos/access-token-AbCdEf", map[string]string{requestTag: integrator},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if allows(stack.statements(t, "GrantsRole"), request) {
				t.Error("GrantsRole may, want it not to")
			}
			if !allows(stack.statements(t, "OperatorRole"), request) {
				t.Error("OperatorRole may not, want it to")
			}
		})
	}
}
