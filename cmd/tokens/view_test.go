package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/operate"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

// shelf has two clients, and fails if it is told to.
type shelf struct {
	status operate.Status
	err    error
}

func (s shelf) Status(context.Context, token.ID) (operate.Status, error) { return s.status, s.err }

func testBoard(t *testing.T, store inventory) *board {
	t.Helper()
	provider, err := authserver.New(authserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &board{inventory: store, speed: 30, history: &history{}, provider: provider}
}

func TestViewShowsWhatAnOperatorSees(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := testBoard(t, shelf{status: operate.Status{Clients: []operate.Client{
		{Name: "kiosk", GrantType: token.GrantTypeClientCredentials, Problem: "secret mobilepay/kiosk/credentials: unreadable"},
		{Name: "reporting", GrantType: token.GrantTypeAuthorizationCode, Tokens: []operate.Token{
			{ID: "reporting/DK1", State: operate.StateFresh, IssuedAt: now, DueAt: now, ExpiresAt: now, Revision: 7, PublishedRevision: 5},
			{
				ID: "reporting/DK2", State: operate.StateConsentRequired, Problem: "refused 2 times in a row",
				Outcome: token.OutcomeRefused, Reason: "revoked", Since: now, ConsentedAt: now.Add(-time.Hour),
			},
		}},
	}}})
	got, err := b.View(t.Context())
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	want := statuspage.View{
		Speed: 30, Faults: offered(),
		Clients: []statuspage.Client{
			{Name: "kiosk", GrantType: token.GrantTypeClientCredentials, Problem: "secret mobilepay/kiosk/credentials: unreadable"},
			{Name: "reporting", GrantType: token.GrantTypeAuthorizationCode, Tokens: 2},
		},
		Tokens: []statuspage.Token{
			{ID: "reporting/DK1", State: statuspage.StateFresh, IssuedAt: now, DueAt: now, ExpiresAt: now, Revision: 7, PublishedRevision: 5},
			{
				ID: "reporting/DK2", State: statuspage.StateConsentRequired, Problem: "refused 2 times in a row",
				Outcome: "refused", Reason: "revoked", Since: now, ConsentedAt: now.Add(-time.Hour),
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
}

func TestViewFailsWithItsStores(t *testing.T) {
	t.Parallel()
	fell := errors.New("shelf fell")
	if _, err := testBoard(t, shelf{err: fell}).View(t.Context()); !errors.Is(err, fell) {
		t.Errorf("View: got error %v, want the store's", err)
	}
}

func TestFaultsAreSwitched(t *testing.T) {
	t.Parallel()
	b := testBoard(t, shelf{})
	on := func() string {
		var names []string
		for _, fault := range b.faults() {
			if fault.On {
				names = append(names, fault.Name)
			}
		}
		return strings.Join(names, " ")
	}
	steps := []struct {
		do   func() error
		want string
	}{
		{func() error { return b.SetFault(t.Context(), "hang", true) }, "hang"},
		{func() error { return b.SetFault(t.Context(), "unavailable", true) }, "unavailable"},
		{func() error { return b.SetFault(t.Context(), "hang", false) }, "unavailable"},
		{func() error { return b.SetFault(t.Context(), "unavailable", false) }, ""},
		{func() error {
			return b.provider.SetFault(authserver.Fault{ClientID: "sandbox-pos", Kind: authserver.SlowDrip})
		}, "slow_drip"},
		{func() error { return b.SetFault(t.Context(), "slow_drip", false) }, ""},
	}
	for i, step := range steps {
		if err := step.do(); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
		if got := on(); got != step.want {
			t.Errorf("step %d: got %q on, want %q", i, got, step.want)
		}
	}
	if err := b.SetFault(t.Context(), "fire", true); err == nil {
		t.Error("an unknown fault: got no error")
	}
	for _, offer := range offered() {
		if err := b.SetFault(t.Context(), offer.Name, true); err != nil {
			t.Errorf("offered %s: %v", offer.Name, err)
		}
	}
}
