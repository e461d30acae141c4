package stack_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/journal"
)

// The table that is deployed is the one that the code is tested with.
func TestJournalIsTheCodes(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(journal.TableInput("journal"))
	if err != nil {
		t.Fatal(err)
	}
	var input map[string]any
	if err := json.Unmarshal(text, &input); err != nil {
		t.Fatal(err)
	}
	properties := load(t, nil).properties(t, "Journal")
	if got, want := properties["BillingMode"], input["BillingMode"]; got != want {
		t.Errorf("BillingMode is %v, want %v", got, want)
	}
	for _, key := range []string{"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"} {
		if diff := cmp.Diff(without(input[key]), properties[key]); diff != "" {
			t.Errorf("%s (-code +template):\n%s", key, diff)
		}
	}
}

// without drops what the code leaves out: nulls.
func without(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if v[key] = without(inner); v[key] == nil {
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			v[i] = without(v[i])
		}
	}
	return value
}

// What losing would lose grants outlives the stack, and nothing brings back old
// rows.
func TestJournalAndKeysOutliveTheStack(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	for _, id := range []string{"Journal", "SealingKey", "InviteKey"} {
		resource := stack.Resources[id]
		if resource.DeletionPolicy != "Retain" || resource.UpdateReplacePolicy != "Retain" {
			t.Errorf("%s: policies are %q and %q, want Retain", id, resource.DeletionPolicy, resource.UpdateReplacePolicy)
		}
	}
	properties := stack.properties(t, "Journal")
	if properties["DeletionProtectionEnabled"] != true {
		t.Error("the journal has no deletion protection")
	}
	if at(properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != false {
		t.Error("the journal can be restored to a point in time, want it not to: restored rows hold spent tokens")
	}
	for _, id := range []string{"SealingKey", "InviteKey"} {
		generated := stack.properties(t, id)["GenerateSecretString"]
		if length, _ := at(generated, "PasswordLength").(float64); length < 43 { // 256 bits of 62 letters and digits
			t.Errorf("%s has %v characters, want 43 or more", id, length)
		}
	}
}

// A stack that is made again takes what the last one left, in all roles and
// functions, and makes no second one.
func TestWhatAnEarlierStackLeftIsAdopted(t *testing.T) {
	t.Parallel()
	const table, tableARN = "left-behind", "arn:aws:dynamodb:eu-west-1:123456789012:table/left-behind"
	const sealing, invite = secretARN + "mobilepay/sealing-key-AbCdEf", secretARN + "mobilepay/invite-key-AbCdEf"
	made := load(t, nil)
	adopted := load(t, map[string]string{"JournalTableName": table, "SealingKeyArn": sealing, "InviteKeyArn": invite})
	for _, resourceType := range []string{"AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"} {
		if got := adopted.ids(t, resourceType); len(got) > 0 {
			t.Errorf("%v are made, want none", got)
		}
	}
	for _, function := range functions(t, adopted) {
		if got := environment(t, adopted, function)["JOURNAL_TABLE"]; got != table && function != "RefreshFunction" {
			t.Errorf("%s uses table %q, want %q", function, got, table)
		}
	}
	for _, right := range []struct{ role, action, made, adopted string }{
		{"GrantsRole", "dynamodb:GetItem", "arn:Journal", tableARN},
		{"GrantsRole", "dynamodb:Query", "arn:Journal/index/due", tableARN + "/index/due"},
		{"GrantsRole", "dynamodb:Query", "arn:Journal/index/publish", tableARN + "/index/publish"},
		{"GrantsRole", "secretsmanager:GetSecretValue", "ref:SealingKey", sealing},
		{"ConsentRole", "dynamodb:PutItem", "arn:Journal", tableARN},
		{"ConsentRole", "secretsmanager:GetSecretValue", "ref:InviteKey", invite},
		{"AccessTokenRole", "dynamodb:PutItem", "arn:Journal", tableARN},
		{"OperatorRole", "dynamodb:Scan", "arn:Journal", tableARN},
		{"OperatorRole", "secretsmanager:GetSecretValue", "ref:InviteKey", invite},
	} {
		if !allows(adopted.statements(t, right.role), request{right.action, right.adopted, nil}) {
			t.Errorf("%s: %s on the adopted %s is refused", right.role, right.action, right.adopted)
		}
		if allows(adopted.statements(t, right.role), request{right.action, right.made, nil}) {
			t.Errorf("%s: %s on %s is allowed, which is not made", right.role, right.action, right.made)
		}
		if allows(made.statements(t, right.role), request{right.action, right.adopted, nil}) {
			t.Errorf("%s: %s on %s is allowed, which is not adopted", right.role, right.action, right.adopted)
		}
	}
}
