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
func TestJournalAndKeyOutliveTheStack(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	for _, id := range []string{"Journal", "SealingKey"} {
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
	generated := stack.properties(t, "SealingKey")["GenerateSecretString"]
	if length, _ := at(generated, "PasswordLength").(float64); length < 43 { // 256 bits of 62 letters and digits
		t.Errorf("the sealing key has %v characters, want 43 or more", length)
	}
}
