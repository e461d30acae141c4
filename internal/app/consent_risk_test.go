package app_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"token-refresher/internal/app"
	"token-refresher/internal/consent/page"
	"token-refresher/internal/sandbox/awsjson"
	"token-refresher/internal/sandbox/dynamodb"
)

// A consent that neither store took stays in memory, and whoever comes next makes
// the instance try again: the merchant who opens the link once more is through.
func TestConsentAtRiskIsStoredByTheNextRequest(t *testing.T) {
	w := newConsentWorld(t)
	b := w.visit()
	link := b.invite(t, 0)
	form := b.consented(t)
	down := &awsjson.Fault{Type: "InternalServerError", Message: "on purpose"}
	var writes atomic.Int32
	w.table.SetFault(func(call dynamodb.Call) *dynamodb.Fault {
		if call.Operation == "PutItem" && writes.Add(1) > 1 { // but for the attempt's own
			return down
		}
		return nil
	})
	w.vault.SetFault(func(operation, _ string) *awsjson.Fault {
		if operation == "CreateSecret" || operation == "PutSecretValue" {
			return down
		}
		return nil
	})
	if got := b.post(form); got.Code != http.StatusServiceUnavailable || shown(t, got) != page.TryAgain {
		t.Fatalf("both stores are down: got status %d, want 503", got.Code)
	}
	w.table.SetFault(nil)
	w.vault.SetFault(nil)
	if kind := shown(t, b.get(link)); kind != page.Already {
		t.Errorf("the link once more: got the page %q, want %q", kind, page.Already)
	}
	live, _ := w.provider.Live("shop-1", b.id.Merchant)
	entry, err := app.Entry(t.Context(), b.app, b.id)
	if err != nil || live.Empty() || !entry.Grant.RefreshToken.Equal(live) {
		t.Errorf("the live refresh token is not in the journal (%v)", err)
	}
	if times := b.presented(); times != 1 {
		t.Errorf("the code was presented %d times, want once", times)
	}
}
