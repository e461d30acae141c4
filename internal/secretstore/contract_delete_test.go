package secretstore_test

import (
	"errors"
	"time"

	"token-refresher/internal/token"
)

// What is deleted can be restored for 30 days. Deleting it again, or what there
// never was, changes nothing: a removal that was interrupted is repeated.
func testDelete(b backend) {
	t := b.t
	store := b.store(t)
	version := putGrant(t, store, grantOf("one", 1), "", 1)
	put(t, store, accessToken(bound, "first"), "")
	deletions := map[string]func() error{
		grantName:                     func() error { return store.DeleteGrant(t.Context(), bound) },
		"pos/DK12345678/access-token": func() error { return store.DeleteAccessToken(t.Context(), bound) },
	}
	for name, remove := range deletions {
		for range 2 {
			if err := remove(); err != nil {
				t.Errorf("delete %s: %v", name, err)
			}
		}
		deleted := b.describe(t, name).DeletedDate
		if deleted == nil || time.Until(*deleted).Round(24*time.Hour) != 30*24*time.Hour {
			t.Errorf("%s is deleted at %v, want in 30 days", name, deleted)
		}
	}
	wantLabels(t, store, token.Labels{Current: version, Deleted: true})
	if err := store.RestoreGrant(t.Context(), bound); err != nil {
		t.Fatalf("RestoreGrant: %v", err)
	}
	wantGrant(t, store.Grant(t.Context(), bound), grantOf("one", 1), version)
	never := token.ID{Client: "pos", Merchant: "FI12345678"}
	if err := errors.Join(store.DeleteGrant(t.Context(), never), store.DeleteAccessToken(t.Context(), never)); err != nil {
		t.Errorf("deleting what never was: %v", err)
	}
}
