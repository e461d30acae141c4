package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

// shelf is a tokenStore with one client of three tokens, and one whose
// credentials cannot be read.
type shelf struct {
	tokens map[token.ID]token.Stored[token.AccessToken]
	fails  string // the call that fails
}

var errShelf = errors.New("shelf fell")

func (s shelf) failing(call string) error {
	if s.fails == call {
		return errShelf
	}
	return nil
}

func (s shelf) Clients(context.Context, token.GrantType) ([]string, error) {
	return []string{"kiosk", "pos"}, s.failing("Clients")
}

func (s shelf) Credentials(context.Context, []string) (map[string]token.Stored[token.Credentials], error) {
	return map[string]token.Stored[token.Credentials]{
		"kiosk": {Err: fmt.Errorf("secret mobilepay/kiosk/credentials: %w", token.ErrUnreadable)},
		"pos": {Value: token.Credentials{
			Client: "pos", Unbound: true, Merchants: []string{"DK1", "DK2", "DK3", "DK4", "DK5"}, ClientSecret: token.NewSecret("s3cret"),
		}, WrittenAt: time.Now().Add(-time.Hour)},
	}, s.failing("Credentials")
}

func (s shelf) AccessTokens(context.Context, []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	return s.tokens, s.failing("AccessTokens")
}

func testBoard(t *testing.T, store tokenStore) *board {
	t.Helper()
	provider, err := authserver.New(authserver.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &board{
		store: store, speed: 30, history: &history{}, provider: provider,
		schedule: token.Schedule{SweepInterval: 2 * time.Second, WriteInterval: 32 * time.Second},
	}
}

func published(id token.ID, age, written time.Duration) token.Stored[token.AccessToken] {
	now := time.Now()
	return token.Stored[token.AccessToken]{
		Version: "v1", WrittenAt: now.Add(-written),
		Value: token.AccessToken{ID: id, Value: token.NewSecret("t0ken"), IssuedAt: now.Add(-age), ExpiresAt: now.Add(123*time.Second - age)},
	}
}

func TestViewTellsHowTokensAre(t *testing.T) {
	t.Parallel()
	id := func(merchant string) token.ID { return token.ID{Client: "pos", Merchant: merchant} }
	b := testBoard(t, shelf{tokens: map[token.ID]token.Stored[token.AccessToken]{
		id(""):    published(id(""), 10*time.Second, 10*time.Second),
		id("DK1"): published(id("DK1"), 110*time.Second, 110*time.Second),
		id("DK2"): published(id("DK2"), 110*time.Second, 5*time.Second),
		id("DK3"): published(id("DK3"), 130*time.Second, 130*time.Second),
		id("DK4"): {Err: token.ErrNotFound},
		id("DK5"): {Err: fmt.Errorf("secret x: %w", token.ErrUnreadable)},
	}})
	view, err := b.View(t.Context())
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	want := map[string]statuspage.State{
		"pos": statuspage.StateFresh, "pos/DK1": statuspage.StateDue, "pos/DK2": statuspage.StateHeld,
		"pos/DK3": statuspage.StateExpired, "pos/DK4": statuspage.StateMissing, "pos/DK5": statuspage.StateUnreadable,
	}
	if len(view.Tokens) != len(want) {
		t.Errorf("tokens: got %d, want %d", len(view.Tokens), len(want))
	}
	for _, shown := range view.Tokens {
		if shown.State != want[shown.ID] {
			t.Errorf("%s: got %s, want %s", shown.ID, shown.State, want[shown.ID])
		}
	}
	if got := view.Tokens[0].DueAt; !got.Before(view.Tokens[0].ExpiresAt) || got.IsZero() {
		t.Errorf("pos: due at %s, want a time before its expiry", got)
	}
	if got := view.Clients[0].Problem; !strings.Contains(got, "mobilepay/kiosk/credentials") {
		t.Errorf("kiosk: got problem %q, want the secret's name", got)
	}
	if got := view.Clients[1]; got.Problem != "" || got.Tokens != 6 {
		t.Errorf("pos: got %+v, want 6 tokens and no problem", got)
	}
	if text := fmt.Sprintf("%+v", view); strings.Contains(text, "t0ken") || strings.Contains(text, "s3cret") {
		t.Error("the view holds a secret")
	}
}

func TestViewFailsWithItsStore(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Clients", "Credentials", "AccessTokens"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			if _, err := testBoard(t, shelf{fails: call}).View(t.Context()); !errors.Is(err, errShelf) {
				t.Errorf("View: got error %v, want the store's", err)
			}
		})
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
