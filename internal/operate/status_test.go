package operate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// states are those of a status, by token.
func states(status operate.Status) map[string]operate.State {
	got := map[string]operate.State{}
	for _, client := range status.Clients {
		for _, t := range client.Tokens {
			got[t.ID] = t.State
		}
	}
	return got
}

func TestStatusOfClientCredentials(t *testing.T) {
	t.Parallel()
	id := func(merchant string) token.ID { return token.ID{Client: "pos", Merchant: merchant} }
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		c := w.credentials["pos"]
		c.Value.Merchants = []string{"DK1", "DK2", "DK3", "DK4", "DK5"}
		w.credentials["pos"] = c
		w.publishAccess(id(""), time.Minute, time.Minute)
		w.publishAccess(id("DK1"), 55*time.Minute, 55*time.Minute)
		w.publishAccess(id("DK2"), 55*time.Minute, time.Minute)
		w.publishAccess(id("DK3"), 2*time.Hour, 2*time.Hour)
		w.access[id("DK5")] = token.Stored[token.AccessToken]{Err: fmt.Errorf("secret x: %w", token.ErrUnreadable)}
		status, err := w.operator(t).Status(t.Context(), token.ID{Client: "pos"})
		if err != nil {
			t.Fatalf("Status: %v", err)
		}
		want := map[string]operate.State{
			"pos": operate.StateFresh, "pos/DK1": operate.StateDue, "pos/DK2": operate.StateHeld,
			"pos/DK3": operate.StateExpired, "pos/DK4": operate.StateMissing, "pos/DK5": operate.StateUnreadable,
		}
		if diff := cmp.Diff(want, states(status)); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if first := status.Clients[0].Tokens[0]; first.Version != "v1" || !first.DueAt.Before(first.ExpiresAt) || first.DueAt.IsZero() {
			t.Errorf("pos: got %+v, want a version and a due time before its expiry", first)
		}
	})
}

func TestStatusOfGrants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		since := time.Now().Add(-3 * time.Hour)
		later := func(e *token.Entry) { e.DueAt = time.Now().Add(time.Hour) }
		w.consent("DK1", time.Minute, nil)
		w.consent("DK2", 40*time.Minute, nil)
		w.consent("DK3", 2*time.Hour, later)
		w.consent("DK4", 2*time.Hour, nil)
		w.consent("DK5", 2*time.Hour, func(e *token.Entry) {
			later(e)
			e.Result = token.Result{Outcome: token.OutcomeRefused, Failures: 2, Latch: &token.Latch{Since: since}, RotationLost: true}
		})
		w.consent("DK6", time.Minute, func(e *token.Entry) { e.Suspect, e.CommittedAt = true, since })
		w.consent("DK7", time.Minute, func(e *token.Entry) { e.Parked = true })
		w.consent("DK8", time.Minute, func(e *token.Entry) { e.Removed = true })
		w.consent("DK9", time.Minute, func(e *token.Entry) { e.Sealed = token.ErrSealed })
		w.consent("FI1", time.Minute, func(e *token.Entry) { e.Access = token.AccessToken{} })
		w.consent("FI2", 2*time.Hour, func(e *token.Entry) {
			later(e)
			e.Result = token.Result{Outcome: token.OutcomeFailed, Failures: 7}
		})
		status, err := w.operator(t).Status(t.Context(), token.ID{})
		if err != nil {
			t.Fatalf("Status: %v", err)
		}
		want := map[string]operate.State{
			"pos": operate.StateMissing, "pos/DK1": operate.StateMissing,
			"shop/DK1": operate.StateFresh, "shop/DK2": operate.StateDue, "shop/DK3": operate.StateIdle, "shop/DK4": operate.StateExpired,
			"shop/DK5": operate.StateConsentRequired, "shop/DK6": operate.StateConsentRequired, "shop/DK7": operate.StateParked,
			"shop/DK8": operate.StateRemoved, "shop/DK9": operate.StateUnreadable, "shop/FI1": operate.StateMissing, "shop/FI2": operate.StateExpired,
		}
		if diff := cmp.Diff(want, states(status)); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		shop := status.Clients[1]
		for i, want := range map[int]string{4: "rotation_lost", 5: "identity_mismatch"} {
			if got := shop.Tokens[i]; got.Reason != want || !got.Since.Equal(since) {
				t.Errorf("%s: reason %q since %s, want %q since %s", got.ID, got.Reason, got.Since, want, since)
			}
		}
		if got := shop.Tokens[10].Problem; got != "failed at the last 7 tries" {
			t.Errorf("shop/FI2: problem %q", got)
		}
		if got := shop.Tokens[0]; got.Revision != 1 || got.PublishedRevision != 1 || got.ConsentedAt.IsZero() {
			t.Errorf("shop/DK1: got %+v, want both revisions and the consent", got)
		}
	})
}

func TestStatusFilters(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.consent("DK1", time.Minute, nil)
	w.consent("DK2", time.Minute, nil)
	for filter, want := range map[token.ID]string{
		{}:                                "pos pos/DK1 shop/DK1 shop/DK2",
		{Client: "shop"}:                  "shop/DK1 shop/DK2",
		{Client: "shop", Merchant: "DK2"}: "shop/DK2",
		{Client: "pos", Merchant: "DK1"}:  "pos/DK1",
	} {
		status, err := w.operator(t).Status(t.Context(), filter)
		if err != nil {
			t.Fatalf("Status of %q: %v", filter, err)
		}
		var got []string
		for _, client := range status.Clients {
			for _, shown := range client.Tokens {
				got = append(got, shown.ID)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("Status of %q: got %q, want %q", filter, got, want)
		}
	}
}

func TestStatusShowsNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.consent("DK1", time.Minute, nil)
	w.publishAccess(token.ID{Client: "pos"}, time.Minute, time.Minute)
	w.credentials["kiosk"] = token.Stored[token.Credentials]{Err: fmt.Errorf("secret mobilepay/kiosk/credentials: %w", token.ErrUnreadable)}
	w.grantTypes["kiosk"] = token.GrantTypeAuthorizationCode
	status, err := w.operator(t).Status(t.Context(), token.ID{})
	if err != nil {
		t.Fatalf("Status: %v", err)
	}
	text, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"at-DK1", "rt-DK1", "published pos"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("status: got %s, want no token in it", text)
		}
	}
	if !strings.Contains(string(text), `"problem":"secret mobilepay/kiosk/credentials`) {
		t.Errorf("status: got %s, want the secret that cannot be read", text)
	}
}

func TestStatusFailsWithItsStores(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Survey", "Credentials", "AccessTokens", "Entries"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.consent("DK1", time.Minute, nil)
			w.fails = call
			if _, err := w.operator(t).Status(t.Context(), token.ID{}); !errors.Is(err, errStore) {
				t.Errorf("Status: got %v, want the store's error", err)
			}
		})
	}
	w := newWorld()
	w.consent("DK1", time.Minute, nil)
	w.fails = "Get"
	status, err := w.operator(t).Status(t.Context(), token.ID{Client: "shop"})
	if err != nil || states(status)["shop/DK1"] != operate.StateUnreadable {
		t.Errorf("one entry that cannot be read: got %v and %v, want it said of that one", states(status), err)
	}
}
