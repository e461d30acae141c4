package operate_test

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/operate"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

func TestInvite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		id       token.ID
		returnTo string
		validFor time.Duration
		arrange  func(w *world)
		want     serve.Code // why not
		lasts    time.Duration
	}{
		{name: "as it comes", id: token.ID{Client: "shop", Merchant: "DK1"}, validFor: operate.DefaultValidFor, lasts: 168 * time.Hour},
		{name: "with all", id: token.ID{Client: "shop", Merchant: "DK1"}, returnTo: "https://shop.example/a?b=c", validFor: time.Minute, lasts: time.Minute},
		{name: "for a month", id: token.ID{Client: "shop", Merchant: "DK1"}, validFor: 720 * time.Hour, lasts: 720 * time.Hour},
		{name: "to an address that is none", id: token.ID{Client: "shop", Merchant: "DK1"}, returnTo: "http://shop.example/", want: serve.NotAllowed},
		{name: "to a long address", id: token.ID{Client: "shop", Merchant: "DK1"}, returnTo: "https://shop.example/" + strings.Repeat("x", 500), want: serve.NotAllowed},
		{name: "unknown client", id: token.ID{Client: "nosuch", Merchant: "DK1"}, want: serve.UnknownToken},
		{name: "no merchant of the provider", id: token.ID{Client: "shop", Merchant: "NO1"}, want: serve.UnknownToken},
		{name: "client credentials", id: token.ID{Client: "pos", Merchant: "DK1"}, want: serve.ClientMisconfigured},
		{name: "credentials that cannot be used", id: token.ID{Client: "shop", Merchant: "DK1"}, want: serve.ClientMisconfigured, arrange: func(w *world) {
			w.misdialed = errors.New("provider: response_type: must be code id_token")
		}},
		{name: "credentials that cannot be read", id: token.ID{Client: "shop", Merchant: "DK1"}, want: serve.ClientMisconfigured, arrange: func(w *world) {
			w.credentials["shop"] = token.Stored[token.Credentials]{Err: token.ErrUnreadable}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				if test.arrange != nil {
					test.arrange(w)
				}
				got, err := w.operator(t).Invite(t.Context(), test.id, test.returnTo, cmp.Or(test.validFor, time.Hour))
				refusal, _ := errors.AsType[*serve.Refusal](err)
				if test.want != "" {
					if refusal == nil || refusal.Code != test.want || got != (operate.Invitation{}) {
						t.Fatalf("Invite: got %v, want the refusal %s", err, test.want)
					}
					if test.returnTo != "" && strings.Contains(refusal.Message, test.returnTo) {
						t.Errorf("the refusal %q repeats the address", refusal.Message)
					}
					return
				}
				address, parseErr := url.Parse(got.URL)
				if err != nil || parseErr != nil || address.Host != "consent.example" || address.Query().Get("invite") == "" {
					t.Errorf("Invite: got %q (%v), want a link with an invite", got.URL, err)
				}
				if left := time.Until(got.ExpiresAt); left != test.lasts {
					t.Errorf("it lasts %s, want %s", left, test.lasts)
				}
			})
		})
	}
}

// lastInvite is the last invite that was asked for.
type lastInvite struct{ consent.Invite }

func (l *lastInvite) NewInvite(_ context.Context, invite consent.Invite) (string, error) {
	l.Invite = invite
	return "https://consent.example/", nil
}

// An invite is refused once a consent newer than it stands: one that was given
// within the same second is older.
func TestInviteKnowsWhenItWasIssued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(900 * time.Millisecond)
		config, made := newWorld().config(t), &lastInvite{}
		config.Inviter = made
		o, err := operate.New(config)
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Invite(t.Context(), token.ID{Client: "shop", Merchant: "DK1"}, "", time.Hour)
		if err != nil || !made.IssuedAt.Equal(time.Now()) {
			t.Errorf("issued at %v (%v), want %v", made.IssuedAt, err, time.Now())
		}
		if !got.ExpiresAt.Equal(made.ExpiresAt) || got.ExpiresAt.Nanosecond() != 0 {
			t.Errorf("expires at %v, told %v; want whole seconds", made.ExpiresAt, got.ExpiresAt)
		}
	})
}

func TestInviteRefusesDurations(t *testing.T) {
	t.Parallel()
	for _, validFor := range []time.Duration{0, -time.Hour, time.Minute - 1, 720*time.Hour + 1} {
		if _, err := newWorld().operator(t).Invite(t.Context(), token.ID{Client: "shop", Merchant: "DK1"}, "", validFor); err == nil {
			t.Errorf("Invite for %s: got no error", validFor)
		}
	}
}

func TestInviteWithoutPages(t *testing.T) {
	t.Parallel()
	config := newWorld().config(t)
	config.Inviter = nil
	o, err := operate.New(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Invite(t.Context(), token.ID{Client: "shop", Merchant: "DK1"}, "", time.Hour)
	if refusal, ok := errors.AsType[*serve.Refusal](err); !ok || refusal.Code != serve.NotAllowed || !strings.Contains(refusal.Message, "PUBLIC_URL") {
		t.Errorf("Invite: got %v, want a refusal that names PUBLIC_URL", err)
	}
}
