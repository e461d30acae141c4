package secretstore_test

import (
	"fmt"
	"testing"

	"token-refresher/internal/sandbox/moto"
)

// The contract holds on our emulator and on moto. What moto is known to do
// differently from AWS stands in package moto.
func TestContract(t *testing.T) {
	t.Parallel()
	backends := []struct {
		name       string
		start      func(*testing.T) string
		deviations []moto.Deviation
	}{
		{name: "emulator", start: func(t *testing.T) string { t.Helper(); _, url := emulate(t); return url }},
		{name: "moto", start: func(t *testing.T) string { t.Helper(); return moto.Start(t) }, deviations: moto.Deviations},
	}
	for _, tt := range backends {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			endpoint := tt.start(t)
			for i, part := range contract() {
				t.Run(part.name, func(t *testing.T) {
					t.Parallel()
					b := connect(t, endpoint, fmt.Sprintf("contract/p%02d", i))
					b.deviations = tt.deviations
					part.test(b)
				})
			}
		})
	}
}

// part is one statement of the contract.
type part struct {
	name string
	test func(backend)
}

func contract() []part {
	return []part{
		{"a created token is read back", testCreate},
		{"a token is replaced", testReplace},
		{"of two writers one wins", testConflict},
		{"a repeated put changes nothing", testRepeatedPut},
		{"a label moved back by hand heals", testLabelMovedBack},
		{"a secret that holds a value is not created again", testCreateExisting},
		{"an empty secret is filled", testFillEmpty},
		{"a deleted secret is restored", testDeleted},
		{"nothing is put where nothing is", testPutMissing},
		{"clients are found by their tag", testClients},
		{"clients without a usable tag are found", testUntagged},
		{"one list tells of clients and grants", testSurvey},
		{"a list tells versions, tags and deletion", testList},
		{"credentials are read whatever their neighbours are", testCredentials},
		{"more than one batch is read", testManyBatches},
		{"a created grant is read back", testGrantCreate},
		{"versions of a grant are read apart", testGrantVersions},
		{"a repeated put of a grant changes nothing", testGrantPutTwice},
		{"a grant's secret that holds a value is not created again", testGrantCreateExisting},
		{"an empty grant's secret is filled", testGrantFillEmpty},
		{"a deleted grant is restored", testGrantDeleted},
		{"a grant is kept whatever its secret is", testKeepGrant},
		{"what is deleted can be restored", testDelete},
		{"grants are read in batches", testGrantsInBatches},
		{"grants are listed", testListGrants},
		{"a key is read by version", testSecretText},
		{"credentials are created, tagged and read back", testPutCredentials},
		{"credentials are replaced, and tagged again", testReplaceCredentials},
		{"credentials of somebody else are not created over", testPutCredentialsExisting},
		{"an imported grant has no revision", testImportGrant},
		{"an import that is repeated makes no second version", testImportTwice},
		{"an import replaces what was read", testImportReplaces},
	}
}
