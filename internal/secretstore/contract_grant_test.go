package secretstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

var bound = token.ID{Client: "pos", Merchant: "DK12345678"}

const grantName = "pos/DK12345678/grant"

// grantOf is a merchant's grant of a revision, with its stamp.
func grantOf(refreshToken string, revision int64) token.Grant {
	return token.Grant{
		ID: bound, RefreshToken: token.NewSecret(refreshToken), CodeVerifier: token.NewSecret("verifier"),
		Scope: "openid offline_access", Subject: "subject", Issuer: "https://issuer.invalid", ConsentedAt: issued,
	}.Stamped(revision)
}

// putGrant makes the put of that number over the version read, as a publisher
// that has claimed it, and returns the version.
func putGrant(t *testing.T, store *secretstore.Store, g token.Grant, read string, number int64) string {
	t.Helper()
	version := store.PutVersion(g.ID, read, g.Revision, number)
	if err := store.PutGrant(t.Context(), g, token.Put{Number: number, Revision: g.Revision, Read: read, Version: version}); err != nil {
		t.Fatalf("PutGrant: %v", err)
	}
	return version
}

func wantLabels(t *testing.T, store *secretstore.Store, want token.Labels) {
	t.Helper()
	got, err := store.Labels(t.Context(), bound)
	if err != nil || got != want {
		t.Errorf("Labels = %+v, error %v, want %+v", got, err, want)
	}
}

func wantGrant(t *testing.T, got token.Stored[token.Grant], want token.Grant, version string) {
	t.Helper()
	if got.Err != nil || got.Version != version || time.Since(got.WrittenAt) > time.Hour {
		t.Fatalf("version %q written at %v, error %v, want %q, just now", got.Version, got.WrittenAt, got.Err, version)
	}
	if diff := cmp.Diff(want, got.Value, equalSecrets); diff != "" {
		t.Errorf("grant (-want +got):\n%s", diff)
	}
}

func testGrantCreate(b backend) {
	t := b.t
	store := b.store(t, func(c *secretstore.Config) { c.Tags = map[string]string{"team": "pay"} })
	want := grantOf("refresh <&> token", 1)
	version := putGrant(t, store, want, "", 1)
	wantGrant(t, store.Grant(t.Context(), bound), want, version)
	wantLabels(t, store, token.Labels{Current: version})
	const wire = `{"refresh_token":"refresh <&> token","code_verifier":"verifier","scope":"openid offline_access","subject":"subject",` +
		`"issuer":"https://issuer.invalid","consented_at":"2026-03-01T12:00:00Z","revision":1,"stamp":"`
	if got := b.value(t, grantName); got != wire+want.Stamp+`"}` {
		t.Errorf("value = %s\nwant    %s…", got, wire)
	}
	wantTags(t, b, grantName, map[string]string{
		secretstore.TagClient: "pos", secretstore.TagKind: "grant",
		secretstore.TagGrantType: "authorization_code", "team": "pay",
	})
}

func testGrantVersions(b backend) {
	t := b.t
	store := b.store(t)
	first := putGrant(t, store, grantOf("one", 1), "", 1)
	second := putGrant(t, store, grantOf("two", 2), first, 2)
	wantLabels(t, store, token.Labels{Current: second, Previous: first})
	wantGrant(t, store.GrantVersion(t.Context(), bound, first), grantOf("one", 1), first)
	wantGrant(t, store.GrantVersion(t.Context(), bound, ""), grantOf("two", 2), second)
	if got := store.GrantVersion(t.Context(), bound, readVersion); !errors.Is(got.Err, token.ErrNotFound) {
		t.Errorf("a version that is not there: error = %v, want ErrNotFound", got.Err)
	}
}

// A repeated put is the same one; it covers nothing that came after it.
func testGrantPutTwice(b backend) {
	t := b.t
	store := b.store(t)
	first := putGrant(t, store, grantOf("one", 1), "", 1)
	second := putGrant(t, store, grantOf("two", 2), first, 2)
	third := putGrant(t, store, grantOf("three", 3), second, 3)
	putGrant(t, store, grantOf("two", 2), first, 2)
	wantLabels(t, store, token.Labels{Current: third, Previous: second})
}

func testGrantCreateExisting(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, grantName, "written by a person")
	put := token.Put{Number: 1, Revision: 1, Version: store.PutVersion(bound, "", 1, 1)}
	if err := store.PutGrant(t.Context(), grantOf("new", 1), put); !errors.Is(err, token.ErrConflict) {
		t.Errorf("creating over a value: error = %v, want ErrConflict", err)
	}
	if got := store.Grant(t.Context(), bound); !errors.Is(got.Err, token.ErrUnreadable) || got.Version == "" {
		t.Errorf("reading it: error = %v, version %q, want ErrUnreadable and the version", got.Err, got.Version)
	}
}

func testGrantFillEmpty(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, grantName, "")
	wantLabels(t, store, token.Labels{})
	version := putGrant(t, store, grantOf("one", 1), "", 1)
	wantLabels(t, store, token.Labels{Current: version})
	wantTags(t, b, grantName, map[string]string{
		secretstore.TagClient: "pos", secretstore.TagKind: "grant", secretstore.TagGrantType: "authorization_code",
	})
}

func testGrantDeleted(b backend) {
	t := b.t
	store := b.store(t)
	if _, err := store.Labels(t.Context(), bound); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("labels of nothing: error = %v, want ErrNotFound", err)
	}
	if got := store.Grant(t.Context(), bound).Err; !errors.Is(got, token.ErrNotFound) {
		t.Errorf("reading nothing: error = %v, want ErrNotFound", got)
	}
	first := putGrant(t, store, grantOf("one", 1), "", 1)
	b.remove(t, grantName)
	wantLabels(t, store, token.Labels{Current: first, Deleted: true})
	if got := store.Grant(t.Context(), bound).Err; !errors.Is(got, token.ErrDeleted) {
		t.Errorf("reading a deleted one: error = %v, want ErrDeleted", got)
	}
	if !b.deviates(moto.PutOnDeleted) {
		put := token.Put{Number: 2, Revision: 2, Read: first, Version: store.PutVersion(bound, first, 2, 2)}
		if err := store.PutGrant(t.Context(), grantOf("two", 2), put); !errors.Is(err, token.ErrDeleted) {
			t.Errorf("putting: error = %v, want ErrDeleted", err)
		}
	}
	if err := store.RestoreGrant(t.Context(), bound); err != nil {
		t.Fatalf("RestoreGrant: %v", err)
	}
	wantGrant(t, store.Grant(t.Context(), bound), grantOf("one", 1), first)
}

// A grant that must not be lost is written whatever the secret is.
func testKeepGrant(b backend) {
	t := b.t
	store := b.store(t)
	keep := func(refreshToken string, revision int64) {
		t.Helper()
		want := grantOf(refreshToken, revision)
		if err := store.KeepGrant(t.Context(), want); err != nil {
			t.Fatalf("KeepGrant %s: %v", refreshToken, err)
		}
		got := store.Grant(t.Context(), bound)
		wantGrant(t, got, want, got.Version)
	}
	keep("into a new secret", 1)
	first, err := store.Labels(t.Context(), bound)
	if err != nil {
		t.Fatalf("Labels: %v", err)
	}
	keep("over another", 2)
	keep("over another", 2) // by somebody who does not know that it is there
	if got, err := store.Labels(t.Context(), bound); err != nil || got.Current == first.Current || got.Previous == "" {
		t.Errorf("Labels = %+v, %v, want what was covered under AWSPREVIOUS", got, err)
	}
	b.remove(t, grantName)
	if b.deviates(moto.PutOnDeleted) {
		return // it would stay deleted
	}
	keep("into a deleted one", 3)
	if got := b.describe(t, grantName).DeletedDate; got != nil {
		t.Errorf("still to be deleted at %v", got)
	}
}

func testGrantsInBatches(b backend) {
	t := b.t
	store := b.store(t)
	putGrant(t, store, grantOf("one", 1), "", 1)
	other := token.ID{Client: "pos", Merchant: "FI12345678"}
	b.seed(t, "pos/FI12345678/grant", `{"refresh_token":"s3cr3t","revision":"1"}`)
	absent, unbound := token.ID{Client: "pos", Merchant: "DK00000000"}, token.ID{Client: "pos"}
	got, err := store.Grants(t.Context(), []token.ID{bound, other, absent, unbound})
	if err != nil || len(got) != 4 {
		t.Fatalf("Grants: %d entries, error %v, want 4", len(got), err)
	}
	wantGrant(t, got[bound], grantOf("one", 1), got[bound].Version)
	wantFault(t, b.prefix+"/pos/FI12345678/grant", got[other].Err, token.ErrUnreadable)
	wantFault(t, b.prefix+"/pos/DK00000000/grant", got[absent].Err, token.ErrNotFound)
	if got[unbound].Err == nil {
		t.Error("a grant without a merchant: no error")
	}
}

func testListGrants(b backend) {
	t := b.t
	store := b.store(t)
	version := putGrant(t, store, grantOf("one", 1), "", 1)
	b.seed(t, "pos/credentials", validCredentials)
	b.seed(t, "pos/DK12345678/access-token", "{}")
	b.seed(t, "pos/a/b/grant", "{}")
	b.seed(t, "pos/grant", "{}") // names no merchant: not a name of ours
	b.remove(t, "pos/a/b/grant")
	got, err := store.ListGrants(t.Context())
	if err != nil {
		t.Fatalf("ListGrants: %v", err)
	}
	want := []token.Listed{
		{ID: bound, Name: b.prefix + "/" + grantName, Version: version},
		{ID: token.ID{Client: "pos", Merchant: "a/b"}, Name: b.prefix + "/pos/a/b/grant", Deleted: true},
	}
	if len(got) == 2 {
		want[1].Version = got[1].Version
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

func testSecretText(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, "sealing-key", "first key")
	first := store.Secret(t.Context(), "sealing-key", "")
	if _, err := b.PutSecretValue(t.Context(), &sm.PutSecretValueInput{
		SecretId: aws.String(b.prefix + "/sealing-key"), SecretString: aws.String("second key"),
	}); err != nil {
		t.Fatalf("PutSecretValue: %v", err)
	}
	second := store.Secret(t.Context(), "sealing-key", "")
	if first.Err != nil || second.Err != nil || second.Value.Reveal() != "second key" || second.Version == first.Version {
		t.Errorf("first %q, error %v, second %q of another version, error %v", first.Value.Reveal(), first.Err, second.Value.Reveal(), second.Err)
	}
	if got := store.Secret(t.Context(), "sealing-key", first.Version); got.Err != nil || got.Value.Reveal() != "first key" || got.Version != first.Version {
		t.Errorf("by version: %q, error %v, want the first", got.Value.Reveal(), got.Err)
	}
	for version, name := range map[string]string{"": "invite-key", readVersion: "sealing-key"} {
		if got := store.Secret(t.Context(), name, version); !errors.Is(got.Err, token.ErrNotFound) {
			t.Errorf("%s %q: error = %v, want ErrNotFound", name, version, got.Err)
		}
	}
}
