package secretstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

const validCredentials = `{"provider":"vipps-test","client_id":"id","client_secret":"s3cr3t-of-pos"}`

func testClients(b backend) {
	t := b.t
	const tag = secretstore.TagGrantType
	for i := range 105 { // more than one page
		b.seed(t, fmt.Sprintf("c%03d/credentials", i), validCredentials, tag, "client_credentials")
	}
	b.seed(t, "Not_A_Client/credentials", validCredentials, tag, "client_credentials")
	b.seed(t, "longer/credentials", validCredentials, tag, "client_credentials_of_old")
	b.seed(t, "consent/credentials", validCredentials, tag, "authorization_code", "other", "client_credentials")
	b.seed(t, "longer-key/credentials", validCredentials, tag+"-of-old", "client_credentials")
	b.seed(t, "other-kind/access-token", validCredentials, tag, "client_credentials")
	b.seed(t, "not-ours", validCredentials, tag, "client_credentials")
	b.seed(t, "gone/credentials", validCredentials, tag, "client_credentials")
	b.remove(t, "gone/credentials")

	got, err := b.store(t).Clients(t.Context(), token.GrantTypeClientCredentials)
	if err != nil {
		t.Fatalf("Clients: %v", err)
	}
	want := []string{"Not_A_Client"}
	for i := range 105 {
		want = append(want, fmt.Sprintf("c%03d", i))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	if got := b.of("ListSecrets"); got < 2 {
		t.Errorf("%d list calls, want several pages", got)
	}
}

func testUntagged(b backend) {
	t := b.t
	const tag = secretstore.TagGrantType
	b.seed(t, "tagged/credentials", validCredentials, tag, "client_credentials")
	b.seed(t, "consent/credentials", validCredentials, tag, "authorization_code")
	b.seed(t, "bare/credentials", validCredentials)
	b.seed(t, "empty-tag/credentials", validCredentials, tag, "")
	b.seed(t, "strange/credentials", validCredentials, tag, "client-credentials")
	b.seed(t, "bare/access-token", validCredentials)
	b.seed(t, "gone/credentials", validCredentials)
	b.remove(t, "gone/credentials")

	got, err := b.store(t).Untagged(t.Context())
	if err != nil {
		t.Fatalf("Untagged: %v", err)
	}
	if want := []string{"bare", "empty-tag", "strange"}; !slices.Equal(got, want) {
		t.Errorf("Untagged = %v, want %v", got, want)
	}
}

// testSurvey: what three lists tell, one does.
func testSurvey(b backend) {
	t := b.t
	const tag = secretstore.TagGrantType
	store := b.store(t)
	version := putGrant(t, store, grantOf("one", 1), "", 1)
	for i := range 30 {
		b.seed(t, fmt.Sprintf("c%03d/credentials", i), validCredentials, tag, "client_credentials")
	}
	b.seed(t, "consent/credentials", validCredentials, tag, "authorization_code")
	b.seed(t, "Not_A_Client/credentials", validCredentials, tag, "authorization_code")
	b.seed(t, "bare/credentials", validCredentials)
	b.seed(t, "strange/credentials", validCredentials, tag, "client-credentials")
	b.seed(t, "consent/DK2/access-token", "{}", tag, "authorization_code")
	b.seed(t, "gone/credentials", validCredentials, tag, "client_credentials")
	b.remove(t, "gone/credentials")
	before := b.of("ListSecrets")
	got, grants, err := store.Survey(t.Context())
	if err != nil {
		t.Fatalf("Survey: %v", err)
	}
	if calls := b.of("ListSecrets") - before; calls != 1 {
		t.Errorf("%d list calls, want one for less than 100 secrets", calls)
	}
	want := map[string]token.GrantType{
		"bare": "", "strange": "", "consent": token.GrantTypeAuthorizationCode, "Not_A_Client": token.GrantTypeAuthorizationCode,
	}
	for i := range 30 {
		want[fmt.Sprintf("c%03d", i)] = token.GrantTypeClientCredentials
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	if want := []token.Listed{{ID: bound, Name: b.prefix + "/" + grantName, Version: version}}; !slices.Equal(grants, want) {
		t.Errorf("grants: got %+v, want %+v", grants, want)
	}
}

func testList(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, "pos/credentials", validCredentials, "team", "pay")
	b.seed(t, "empty/access-token", "")
	b.seed(t, "pos/DK12345678/access-token", "{}")
	b.remove(t, "pos/DK12345678/access-token")

	got, err := store.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	current := b.labels(t, "pos/credentials")["AWSCURRENT"]
	removed := b.labels(t, "pos/DK12345678/access-token")["AWSCURRENT"]
	want := []secretstore.Entry{
		{Name: b.prefix + "/empty/access-token", Kind: secretstore.KindAccessToken, ID: token.ID{Client: "empty"}, Tags: map[string]string{}},
		{
			Name: b.prefix + "/pos/DK12345678/access-token", Kind: secretstore.KindAccessToken,
			ID: token.ID{Client: "pos", Merchant: "DK12345678"}, VersionID: removed, Tags: map[string]string{}, Deleted: true,
		},
		{
			Name: b.prefix + "/pos/credentials", Kind: secretstore.KindCredentials, ID: unbound,
			VersionID: current, Tags: map[string]string{"team": "pay"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func testCredentials(b backend) {
	t := b.t
	b.seed(t, "pos/credentials", validCredentials)
	b.seed(t, "no-json/credentials", "s3cr3t-not-json")
	b.seed(t, "no-id/credentials", `{"provider":"vipps-test","client_secret":"s3cr3t-no-id"}`)
	b.seed(t, "empty/credentials", "")
	b.seed(t, "gone/credentials", validCredentials)
	b.remove(t, "gone/credentials")
	_, err := b.CreateSecret(t.Context(), &sm.CreateSecretInput{
		Name: aws.String(b.prefix + "/binary/credentials"), SecretBinary: []byte("s3cr3t-binary"),
	})
	if err != nil {
		t.Fatalf("CreateSecret: %v", err)
	}

	want := map[string]error{
		"pos": nil, "no-json": token.ErrUnreadable, "no-id": token.ErrUnreadable, "binary": token.ErrUnreadable,
		"empty": token.ErrUnreadable, "absent": token.ErrNotFound, "gone": token.ErrDeleted,
	}
	asked := []string{"pos", "no-json", "no-id", "binary", "empty", "absent", "gone", "pos", "Not_A_Client"}
	got, err := b.store(t).Credentials(t.Context(), asked)
	if err != nil {
		t.Fatalf("Credentials: %v", err)
	}
	if len(got) != 8 {
		t.Errorf("%d entries, want one for each of the 8 clients", len(got))
	}
	for client, fault := range want {
		wantFault(t, b.prefix+"/"+client+"/credentials", got[client].Err, fault)
	}
	if err := got["Not_A_Client"].Err; err == nil || !strings.Contains(err.Error(), "/Not_A_Client/credentials: the client's name") {
		t.Errorf("error of an invalid client = %v, want its name and the fault", err)
	}
	if pos := got["pos"]; pos.Value.ClientSecret.Reveal() != "s3cr3t-of-pos" || pos.Value.Client != "pos" || pos.Version == "" || pos.WrittenAt.IsZero() {
		t.Errorf("pos = %+v, want its credentials, version and time", pos)
	}
}

// wantFault compares the error of one secret, which names it and shows nothing
// of what is in it.
func wantFault(t *testing.T, name string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("error of %s = %v, want %v", name, got, want)
	}
	if got == nil {
		return
	}
	if !strings.HasPrefix(got.Error(), "secret "+name+": ") {
		t.Errorf("error = %q, want it to begin with the secret's name %s", got, name)
	}
	if strings.Contains(got.Error(), "s3cr3t") {
		t.Errorf("error = %q shows the value", got)
	}
}

func testManyBatches(b backend) {
	t := b.t
	var clients []string
	for i := range 45 {
		clients = append(clients, fmt.Sprintf("c%02d", i))
		b.seed(t, clients[i]+"/credentials", validCredentials)
	}
	got, err := b.store(t).Credentials(t.Context(), append(clients, "absent"))
	if err != nil {
		t.Fatalf("Credentials: %v", err)
	}
	for _, client := range clients {
		if stored := got[client]; stored.Err != nil || stored.Value.Client != client {
			t.Errorf("%s = %v, error %v", client, stored.Value, stored.Err)
		}
	}
	if !errors.Is(got["absent"].Err, token.ErrNotFound) {
		t.Errorf("absent: error = %v, want ErrNotFound", got["absent"].Err)
	}
	if got := b.of("BatchGetSecretValue"); got != 3 {
		t.Errorf("%d batch calls for 46 secrets, want 3", got)
	}
}
