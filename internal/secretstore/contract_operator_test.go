package secretstore_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// operatorCredentials have every field.
func operatorCredentials() token.Credentials {
	return token.Credentials{
		Client: "pos", Provider: token.NewSecret(`{"grant_type": "client_credentials", "token_endpoint": "https://a.invalid/<t>&"}`),
		ClientID: "id", ClientSecret: token.NewSecret("s3cr3t <&> \"quoted\""),
		Fields: map[string]token.Secret{"subscription_key": token.NewSecret("k3y")},
		Scopes: []string{"a", "b"}, Merchants: []string{"DK12345678"}, Unbound: false,
		Publish: token.PublishFunction, Refresh: token.RefreshAlways,
	}
}

func storedCredentials(t *testing.T, store *secretstore.Store, client string) token.Stored[token.Credentials] {
	t.Helper()
	all, err := store.Credentials(t.Context(), []string{client})
	if err != nil {
		t.Fatalf("Credentials: %v", err)
	}
	return all[client]
}

// wantCredentials compares all but the layout of the provider object.
func wantCredentials(t *testing.T, got token.Stored[token.Credentials], want token.Credentials) {
	t.Helper()
	if got.Err != nil {
		t.Fatalf("read back: %v", got.Err)
	}
	ignored := cmpopts.IgnoreFields(token.Credentials{}, "Provider")
	if diff := cmp.Diff(want, got.Value, equalSecrets, cmpopts.EquateEmpty(), ignored); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
}

func testPutCredentials(b backend) {
	t := b.t
	store := b.store(t, func(c *secretstore.Config) { c.Tags = map[string]string{"team": "pay"} })
	want := operatorCredentials()
	if err := store.PutCredentials(t.Context(), token.GrantTypeClientCredentials, want, ""); err != nil {
		t.Fatalf("PutCredentials: %v", err)
	}
	wantCredentials(t, storedCredentials(t, store, "pos"), want)
	wantTags(t, b, "pos/credentials", map[string]string{
		secretstore.TagClient: "pos", secretstore.TagKind: "credentials",
		secretstore.TagGrantType: "client_credentials", "team": "pay",
	})
	least := token.Credentials{Client: "least", Provider: token.NewSecret(`"vipps-test"`), ClientID: "id", Unbound: true, Refresh: token.RefreshUsed}
	if err := store.PutCredentials(t.Context(), token.GrantTypeClientCredentials, least, ""); err != nil {
		t.Fatalf("PutCredentials of the least: %v", err)
	}
	wantCredentials(t, storedCredentials(t, store, "least"), least)
	const wire = "{\n  \"client_id\": \"id\",\n  \"provider\": \"vipps-test\"\n}"
	if got := b.value(t, "least/credentials"); got != wire {
		t.Errorf("value = %s\nwant    %s", got, wire)
	}
}

func testReplaceCredentials(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, "pos/credentials", `{"provider":"vipps-test","client_id":"old"}`)
	read := storedCredentials(t, store, "pos").Version
	want := operatorCredentials()
	if err := store.PutCredentials(t.Context(), token.GrantTypeClientCredentials, want, read); err != nil {
		t.Fatalf("PutCredentials: %v", err)
	}
	wantCredentials(t, storedCredentials(t, store, "pos"), want)
	if got := b.labels(t, "pos/credentials")["AWSPREVIOUS"]; got != read {
		t.Errorf("AWSPREVIOUS = %s, want the version that was read, %s", got, read)
	}
	clients, err := store.Clients(t.Context(), token.GrantTypeClientCredentials)
	if err != nil || len(clients) != 1 {
		t.Errorf("clients by their tag = %v, error %v, want pos", clients, err)
	}
}

func testPutCredentialsExisting(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, "pos/credentials", "written by a person")
	err := store.PutCredentials(t.Context(), token.GrantTypeClientCredentials, operatorCredentials(), "")
	if !errors.Is(err, token.ErrConflict) {
		t.Errorf("error = %v, want ErrConflict", err)
	}
	if got := b.value(t, "pos/credentials"); got != "written by a person" {
		t.Errorf("value = %q, want it untouched", got)
	}
}

func importGrant(t *testing.T, store *secretstore.Store, g token.Grant, replaces string) {
	t.Helper()
	if err := store.ImportGrant(t.Context(), g, replaces); err != nil {
		t.Fatalf("ImportGrant: %v", err)
	}
}

func testImportGrant(b backend) {
	t := b.t
	store := b.store(t)
	importGrant(t, store, grantOf("one", 7), "") // whatever a file may say of its revision
	want := grantOf("one", 0)
	want.Revision, want.Stamp = 0, ""
	got := store.Grant(t.Context(), bound)
	wantGrant(t, got, want, got.Version)
	const wire = `{"refresh_token":"one","code_verifier":"verifier","scope":"openid offline_access","subject":"subject",` +
		`"issuer":"https://issuer.invalid","consented_at":"2026-03-01T12:00:00Z"}`
	if got := b.value(t, grantName); got != wire {
		t.Errorf("value = %s\nwant    %s", got, wire)
	}
	wantTags(t, b, grantName, map[string]string{
		secretstore.TagClient: "pos", secretstore.TagKind: "grant", secretstore.TagGrantType: "authorization_code",
	})
}

func testImportTwice(b backend) {
	t := b.t
	store := b.store(t)
	for range 3 {
		importGrant(t, store, grantOf("one", 0), "")
	}
	if got := len(b.describe(t, grantName).VersionIdsToStages); got != 1 {
		t.Errorf("%d versions after three equal imports, want 1", got)
	}
	if err := store.ImportGrant(t.Context(), grantOf("another", 0), ""); !errors.Is(err, token.ErrConflict) {
		t.Errorf("another grant: error = %v, want ErrConflict", err)
	}
	if got := store.Grant(t.Context(), bound).Value.RefreshToken.Reveal(); got != "one" {
		t.Errorf("refresh token = %q, want the first one", got)
	}
}

func testImportReplaces(b backend) {
	t := b.t
	store := b.store(t)
	first := putGrant(t, store, grantOf("old", 3), "", 1)
	for range 2 {
		importGrant(t, store, grantOf("new", 0), first)
	}
	got := store.Grant(t.Context(), bound)
	if got.Err != nil || got.Value.RefreshToken.Reveal() != "new" || got.Value.StampFits() {
		t.Errorf("grant of revision %d, error %v, want the new one without a stamp", got.Value.Revision, got.Err)
	}
	if err := store.ImportGrant(t.Context(), grantOf("too late", 0), first); !errors.Is(err, token.ErrConflict) {
		t.Errorf("a second import over the version that was read: error = %v, want ErrConflict", err)
	}
	wantLabels(t, store, token.Labels{Current: got.Version, Previous: first})
	if n := len(b.describe(t, grantName).VersionIdsToStages); n != 2 {
		t.Errorf("%d versions, want 2", n)
	}
	importGrant(t, store, grantOf("newest", 0), got.Version)
	if newest := store.Grant(t.Context(), bound).Value.RefreshToken.Reveal(); newest != "newest" {
		t.Errorf("refresh token = %q after an import over the new version, want newest", newest)
	}
}
