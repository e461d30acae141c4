package stack_test

import (
	"slices"
	"strings"
	"testing"
)

// right is a request, and the roles that may make it. Every other role of a
// function must be refused, so that each refusal has its allowed twin.
type right struct {
	name    string
	request request
	roles   string // first letters: Refresh, Grants, Consent, AccessToken, Operator
}

// rights are what the roles may do with journal, keys, grants and the tokens of
// both kinds.
func rights() []right {
	mine, theirs := map[string]string{resourceTag: consented}, map[string]string{resourceTag: integrator}
	tagged := map[string]string{requestTag: consented}
	window := func(days, tag string) map[string]string {
		return map[string]string{resourceTag: tag, "secretsmanager:RecoveryWindowInDays": days}
	}
	const reporting = secretARN + "mobilepay/reporting/DK12345678/"
	const pos = secretARN + "mobilepay/pos/"
	const get, describe = "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"
	const put, remove, create, restore = "secretsmanager:PutSecretValue", "secretsmanager:DeleteSecret", "secretsmanager:CreateSecret", "secretsmanager:RestoreSecret"
	return []right{
		{"read a consent client's credentials", request{get, secretARN + "mobilepay/reporting/credentials-AbCdEf", mine}, "GCAO"},
		{"read an integrator's credentials", request{get, pos + "credentials-AbCdEf", theirs}, "RAO"},
		{"read untagged credentials", request{get, pos + "credentials-AbCdEf", nil}, ""},
		{"read credentials that are gone", request{get, pos + "credentials", nil}, "RGCAO"},
		{"read credentials under another prefix", request{get, secretARN + "other/reporting/credentials-AbCdEf", mine}, ""},
		{"write credentials", request{put, secretARN + "mobilepay/reporting/credentials-AbCdEf", mine}, ""},
		{"create credentials", request{create, secretARN + "mobilepay/reporting/credentials-AbCdEf", tagged}, ""},
		{"delete credentials", request{remove, secretARN + "mobilepay/reporting/credentials-AbCdEf", window("30", consented)}, ""},

		{"read a grant", request{get, reporting + "grant-AbCdEf", mine}, "GCAO"},
		{"describe a grant", request{describe, reporting + "grant-AbCdEf", mine}, "GCAO"},
		{"describe one that is not there", request{describe, reporting + "grant", nil}, "GCAO"},
		{"read one that a person pasted", request{get, reporting + "grant-AbCdEf", nil}, "GCAO"},
		{"read one with a wrong tag", request{get, reporting + "grant-AbCdEf", theirs}, ""},
		{"read one under another prefix", request{get, secretARN + "other/reporting/DK12345678/grant-AbCdEf", mine}, ""},
		{"write a grant", request{put, reporting + "grant-AbCdEf", mine}, "GCAO"},
		{"restore a grant", request{restore, reporting + "grant-AbCdEf", mine}, "GCAO"},
		{"create a grant", request{create, reporting + "grant-AbCdEf", tagged}, "GCAO"},
		{"create an untagged one", request{create, reporting + "grant-AbCdEf", nil}, ""},
		{"delete a grant", request{remove, reporting + "grant-AbCdEf", window("30", consented)}, "GO"},
		{"delete a grant that is gone", request{remove, reporting + "grant", map[string]string{"secretsmanager:RecoveryWindowInDays": "30"}}, "GO"},
		{"delete a grant in a week", request{remove, reporting + "grant-AbCdEf", window("7", consented)}, ""},
		{"delete a grant at once", request{remove, reporting + "grant-AbCdEf", mine}, ""},
		{"share a grant", request{"secretsmanager:PutResourcePolicy", reporting + "grant-AbCdEf", mine}, ""},

		{"read a merchant's access token", request{get, reporting + "access-token-AbCdEf", mine}, "GCAO"},
		{"look for an access token", request{get, reporting + "access-token", nil}, "RGCAO"},
		{"write a merchant's access token", request{put, reporting + "access-token-AbCdEf", mine}, "GCO"},
		{"write an untagged access token", request{put, reporting + "access-token-AbCdEf", nil}, ""},
		{"create a merchant's access token", request{create, reporting + "access-token-AbCdEf", tagged}, "GCO"},
		{"delete a merchant's access token", request{remove, reporting + "access-token-AbCdEf", window("30", consented)}, "GO"},
		{"read an integrator's access token", request{get, pos + "access-token-AbCdEf", theirs}, "RAO"},
		{"write an integrator's access token", request{put, pos + "access-token-AbCdEf", theirs}, "RO"},
		{"create an integrator's access token", request{create, pos + "access-token-AbCdEf", map[string]string{requestTag: integrator}}, "RO"},
		{"delete an integrator's access token", request{remove, pos + "access-token-AbCdEf", window("30", integrator)}, ""},

		{"list secrets", request{"secretsmanager:ListSecrets", "*", nil}, "RGO"},
		{"read a batch", request{"secretsmanager:BatchGetSecretValue", "*", nil}, "RGO"},
		{"read the sealing key", request{get, "ref:SealingKey", nil}, "GCAO"},
		{"write the sealing key", request{put, "ref:SealingKey", nil}, ""},
		{"read the invite key", request{get, "ref:InviteKey", nil}, "CO"},
		{"write the invite key", request{put, "ref:InviteKey", nil}, ""},
		{"read the journal", request{"dynamodb:GetItem", "arn:Journal", nil}, "GCAO"},
		{"write the journal", request{"dynamodb:PutItem", "arn:Journal", nil}, "GCAO"},
		{"walk over the journal", request{"dynamodb:Scan", "arn:Journal", nil}, "GO"},
		{"find what is due", request{"dynamodb:Query", "arn:Journal/index/due", nil}, "GO"},
		{"find what is unpublished", request{"dynamodb:Query", "arn:Journal/index/publish", nil}, "GO"},
		{"delete from the journal", request{"dynamodb:DeleteItem", "arn:Journal", nil}, ""},
		{"delete the journal", request{"dynamodb:DeleteTable", "arn:Journal", nil}, ""},
		{"use another table", request{"dynamodb:GetItem", "arn:Other", nil}, ""},
		{"invoke a function", request{"lambda:InvokeFunction", "ref:OperatorFunctionAliaslive", nil}, ""},
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	for _, role := range []string{"RefreshRole", "GrantsRole", "ConsentRole", "AccessTokenRole", "OperatorRole"} {
		statements := stack.statements(t, role)
		for _, test := range rights() {
			t.Run(role+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				want := strings.Contains(test.roles, role[:1])
				if got := allows(statements, test.request); got != want {
					t.Errorf("%s on %s with %v: allowed %v, want %v", test.request.action, test.request.resource, test.request.context, got, want)
				}
			})
		}
	}
}

// What nobody may do needs a twin elsewhere in the table: the same action on the
// same kind of thing that somebody may do.
func TestEveryRefusalHasATwin(t *testing.T) {
	t.Parallel()
	never := []string{ // what no role needs at all
		"dynamodb:DeleteItem", "dynamodb:DeleteTable", "lambda:InvokeFunction", "secretsmanager:PutResourcePolicy",
	}
	all := rights()
	for _, refused := range all {
		if refused.roles != "" || slices.Contains(never, refused.request.action) {
			continue
		}
		if !slices.ContainsFunc(all, func(r right) bool { return r.roles != "" && r.request.action == refused.request.action }) {
			t.Errorf("%s: nothing with %s is allowed to anybody", refused.name, refused.request.action)
		}
	}
}
