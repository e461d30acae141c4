package secretstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

const grantType = token.GrantTypeClientCredentials

// equalSecrets lets cmp compare what a Secret hides.
var equalSecrets = cmp.Comparer(token.Secret.Equal)

func testCreate(b backend) {
	t := b.t
	tags := map[string]string{"team": "pay"}
	store := b.store(t, func(c *secretstore.Config) { c.Tags, c.KMSKeyID = tags, "alias/tokens" })
	clear(tags) // the caller's map is the caller's
	for _, id := range []token.ID{unbound, {Client: "pos", Merchant: "DK12345678"}} {
		want := accessToken(id, "token <of> & "+id.String())
		put(t, store, want, "")
		got := stored(t, store, id)
		if got.Err != nil {
			t.Fatalf("reading %s: %v", id, got.Err)
		}
		if diff := cmp.Diff(want, got.Value, equalSecrets); diff != "" {
			t.Errorf("token of %s (-want +got):\n%s", id, diff)
		}
		if len(got.Version) < 32 || time.Since(got.WrittenAt) > time.Hour {
			t.Errorf("version %q written at %v, want a version id and just now", got.Version, got.WrittenAt)
		}
	}

	const wire = `{"access_token":"token <of> & pos","token_type":"Bearer","scope":"a b",` +
		`"issued_at":"2026-03-01T12:00:00Z","expires_at":"2026-03-01T13:01:40Z","client":"pos"}`
	if got := b.value(t, "pos/access-token"); got != wire {
		t.Errorf("value = %s\nwant    %s", got, wire)
	}
	if got := b.value(t, "pos/DK12345678/access-token"); !strings.Contains(got, `"client":"pos","merchant":"DK12345678"}`) {
		t.Errorf("a merchant's value = %s, want client and merchant in it", got)
	}
	if got := aws.ToString(b.describe(t, "pos/access-token").KmsKeyId); got != "alias/tokens" {
		t.Errorf("KMS key = %q, want alias/tokens", got)
	}
	wantTags(t, b, "pos/access-token", map[string]string{
		secretstore.TagClient: "pos", secretstore.TagKind: "access-token",
		secretstore.TagGrantType: "client_credentials", "team": "pay",
	})
}

func wantTags(t *testing.T, b backend, name string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, tag := range b.describe(t, name).Tags {
		got[*tag.Key] = *tag.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tags of %s (-want +got):\n%s", name, diff)
	}
}

func testReplace(b backend) {
	t := b.t
	store := b.store(t)
	put(t, store, accessToken(unbound, "first"), "")
	first := stored(t, store, unbound)
	put(t, store, accessToken(unbound, "second"), first.Version)

	second := stored(t, store, unbound)
	if got := second.Value.Value.Reveal(); got != "second" {
		t.Errorf("after a put the token = %q, want second", got)
	}
	if got := len(second.Version); got != 64 {
		t.Errorf("version id has %d characters, want the 64 of a derived one", got)
	}
	if got := b.labels(t, "pos/access-token")["AWSPREVIOUS"]; got != first.Version {
		t.Errorf("AWSPREVIOUS = %s, want the version that was replaced, %s", got, first.Version)
	}
}

func testConflict(b backend) {
	t := b.t
	store, overlapping := b.store(t), b.store(t)
	put(t, store, accessToken(unbound, "first"), "")
	read := stored(t, store, unbound).Version

	put(t, store, accessToken(unbound, "winner"), read)
	loser := accessToken(unbound, "loser")
	loser.IssuedAt = loser.IssuedAt.Add(2 * time.Second)
	err := overlapping.PutAccessToken(t.Context(), grantType, loser, read)
	if !errors.Is(err, token.ErrConflict) {
		t.Errorf("second put over one version: error = %v, want ErrConflict", err)
	}
	if got := stored(t, store, unbound).Value.Value.Reveal(); got != "winner" {
		t.Errorf("token = %q, want winner", got)
	}
}

func testRepeatedPut(b backend) {
	t := b.t
	store := b.store(t)
	put(t, store, accessToken(unbound, "first"), "")
	read := stored(t, store, unbound).Version
	for range 3 {
		put(t, store, accessToken(unbound, "second"), read)
	}
	if got := len(b.describe(t, "pos/access-token").VersionIdsToStages); got != 2 {
		t.Errorf("%d versions after three equal puts, want 2", got)
	}
}

func testLabelMovedBack(b backend) {
	t := b.t
	store := b.store(t)
	put(t, store, accessToken(unbound, "first"), "")
	v0 := stored(t, store, unbound).Version
	put(t, store, accessToken(unbound, "second"), v0)
	v1 := stored(t, store, unbound).Version
	_, err := b.UpdateSecretVersionStage(t.Context(), &sm.UpdateSecretVersionStageInput{
		SecretId: aws.String(b.prefix + "/pos/access-token"), VersionStage: aws.String("AWSCURRENT"),
		MoveToVersionId: aws.String(v0), RemoveFromVersionId: aws.String(v1),
	})
	if err != nil {
		t.Fatalf("UpdateSecretVersionStage: %v", err)
	}

	third := accessToken(unbound, "third")
	err = store.PutAccessToken(t.Context(), grantType, third, v0)
	if !errors.Is(err, token.ErrConflict) {
		t.Errorf("put over v0 in the same interval: error = %v, want ErrConflict", err)
	}
	third.IssuedAt = third.IssuedAt.Add(secretstore.DefaultWriteInterval)
	put(t, store, third, v0)
	if got := b.value(t, "pos/access-token"); !strings.Contains(got, "third") {
		t.Error("the put of the next interval did not become current")
	}
}

func testCreateExisting(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, "pos/access-token", "written by a person")
	err := store.PutAccessToken(t.Context(), grantType, accessToken(unbound, "new"), "")
	if !errors.Is(err, token.ErrConflict) {
		t.Errorf("creating over a value: error = %v, want ErrConflict", err)
	}
	if got := b.value(t, "pos/access-token"); got != "written by a person" {
		t.Errorf("value = %q, want it untouched", got)
	}
	if got := stored(t, store, unbound); !errors.Is(got.Err, token.ErrUnreadable) || got.Version == "" {
		t.Errorf("reading it: error = %v, version %q, want ErrUnreadable and the version", got.Err, got.Version)
	}
}

func testFillEmpty(b backend) {
	t := b.t
	store := b.store(t)
	b.seed(t, "pos/access-token", "", "team", "pay")
	if got := stored(t, store, unbound).Err; !errors.Is(got, token.ErrNotFound) {
		t.Errorf("reading an empty secret: error = %v, want ErrNotFound", got)
	}
	put(t, store, accessToken(unbound, "first"), "")
	if got := stored(t, store, unbound); got.Err != nil || got.Value.Value.Reveal() != "first" {
		t.Errorf("after filling: token %v, error %v", got.Value.Value.Reveal(), got.Err)
	}
	wantTags(t, b, "pos/access-token", map[string]string{
		secretstore.TagClient: "pos", secretstore.TagKind: "access-token",
		secretstore.TagGrantType: "client_credentials", "team": "pay",
	})
}

func testDeleted(b backend) {
	t := b.t
	store := b.store(t)
	put(t, store, accessToken(unbound, "first"), "")
	version := stored(t, store, unbound).Version
	b.remove(t, "pos/access-token")

	if got := stored(t, store, unbound).Err; !errors.Is(got, token.ErrDeleted) {
		t.Errorf("reading: error = %v, want ErrDeleted", got)
	}
	err := store.PutAccessToken(t.Context(), grantType, accessToken(unbound, "second"), "")
	if !errors.Is(err, token.ErrDeleted) {
		t.Errorf("creating: error = %v, want ErrDeleted", err)
	}
	wantErr, want := token.ErrDeleted, "first"
	if b.deviates(moto.PutOnDeleted) {
		wantErr, want = nil, "second"
	}
	err = store.PutAccessToken(t.Context(), grantType, accessToken(unbound, "second"), version)
	if !errors.Is(err, wantErr) {
		t.Errorf("replacing: error = %v, want %v", err, wantErr)
	}
	if err := store.RestoreAccessToken(t.Context(), unbound); err != nil {
		t.Fatalf("RestoreAccessToken: %v", err)
	}
	if got := stored(t, store, unbound); got.Err != nil || got.Value.Value.Reveal() != want {
		t.Errorf("after restoring: token %q, error %v, want %q", got.Value.Value.Reveal(), got.Err, want)
	}
}

func testPutMissing(b backend) {
	t := b.t
	store := b.store(t)
	err := store.PutAccessToken(t.Context(), grantType, accessToken(unbound, "x"), strings.Repeat("0", 32))
	if !errors.Is(err, token.ErrNotFound) {
		t.Errorf("replacing what is not there: error = %v, want ErrNotFound", err)
	}
	if err := store.RestoreAccessToken(t.Context(), unbound); !errors.Is(err, token.ErrNotFound) {
		t.Errorf("restoring what is not there: error = %v, want ErrNotFound", err)
	}
	filters := []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{b.prefix + "/"}}}
	list, err := b.ListSecrets(t.Context(), &sm.ListSecretsInput{Filters: filters})
	if err != nil || len(list.SecretList) != 0 {
		t.Errorf("ListSecrets = %d secrets, error %v, want none made", len(list.SecretList), err)
	}
}
