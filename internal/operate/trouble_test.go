package operate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// shownOf is the only token of a status.
func shownOf(t *testing.T, status operate.Status) operate.Token {
	t.Helper()
	if len(status.Clients) != 1 || len(status.Clients[0].Tokens) != 1 {
		t.Fatalf("status: got %+v, want one token", status)
	}
	return status.Clients[0].Tokens[0]
}

// What nobody has is refused by name, not answered with an empty list.
func TestStatusOfUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.consent("DK1", time.Minute, nil)
	w.credentials["torn"] = token.Stored[token.Credentials]{Err: token.ErrUnreadable}
	w.grantTypes["torn"] = token.GrantTypeClientCredentials
	for _, test := range []struct {
		filter token.ID
		want   serve.Code
	}{
		{token.ID{Client: "nosuch"}, serve.UnknownToken},
		{token.ID{Client: "nosuch", Merchant: "DK1"}, serve.UnknownToken},
		{token.ID{Client: "shop", Merchant: "DK9"}, serve.UnknownToken},
		{token.ID{Client: "pos", Merchant: "DK9"}, serve.UnknownToken},
		{token.ID{Client: "torn", Merchant: "DK9"}, ""}, // whose tokens are not known
		{token.ID{Client: "shop", Merchant: "DK1"}, ""},
		{token.ID{Client: "pos"}, ""},
	} {
		status, err := w.operator(t).Status(t.Context(), test.filter)
		refusal, _ := errors.AsType[*serve.Refusal](err)
		var got serve.Code
		if refusal != nil {
			got = refusal.Code
		}
		if got != test.want || (err == nil) != (len(status.Clients) == 1) {
			t.Errorf("Status of %q: got %+v and %v, want %q", test.filter, status, err, test.want)
		}
	}
}

func TestStatusOfClientsInTrouble(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	noted := func(health refresh.Health) func(w *world) {
		return func(w *world) { w.notes["client/shop"], _ = json.Marshal(health) }
	}
	tests := []struct {
		name    string
		client  string
		arrange func(w *world)
		problem string
		reason  string
	}{
		{"no tag", "kiosk", func(w *world) {
			w.credentials["kiosk"] = token.Stored[token.Credentials]{Err: errors.New("access denied")}
		}, "no tag token-refresher:grant-type", ""},
		{"does not parse", "shop", func(w *world) {
			w.credentials["shop"] = token.Stored[token.Credentials]{Err: fmt.Errorf("secret x/shop/credentials: %w", token.ErrUnreadable)}
		}, "secret x/shop/credentials: unreadable", ""},
		{"its credentials are gone, and its grants are not", "shop", func(w *world) {
			w.consent("DK1", time.Minute, nil)
			delete(w.credentials, "shop")
			delete(w.grantTypes, "shop")
		}, "not found: nothing renews its tokens; restore that secret", ""},
		{"stopped", "shop", noted(refresh.Health{Version: "c1", Stopped: true, Since: since}), "store those that it gave you", "invalid_client"},
		{"a mass of refusals", "shop", noted(refresh.Health{Version: "c1", Stopped: true, Mass: true, Since: since}), "refuses many of its grants at once", "invalid_grant"},
		{"stopped before its credentials were replaced", "shop", noted(refresh.Health{Version: "c0", Stopped: true, Since: since}), "", ""},
		{"tokens too short-lived for the secrets that they are to be in", "shop", func(w *world) {
			w.demandSecrets()
			w.lifetime = 5 * time.Minute
			w.consent("DK1", time.Minute, nil)
		}, "publish: secret is refused: the token lives 5m0s and a published one must live 23m45s or longer; leave publish out", ""},
		{"tokens that live long enough for that", "shop", func(w *world) {
			w.demandSecrets()
			w.lifetime = 24 * time.Minute
			w.consent("DK1", time.Minute, nil)
		}, "", ""},
		{"short-lived ones of a merchant who was removed", "shop", func(w *world) {
			w.demandSecrets()
			w.lifetime = 5 * time.Minute
			w.consent("DK1", time.Minute, func(e *token.Entry) { e.Removed = true })
		}, "", ""},
		{"well", "shop", noted(refresh.Health{Version: "c1"}), "", ""},
		{"health that cannot be read", "shop", func(w *world) { w.fails = "Note" }, errStore.Error(), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, filter := range []token.ID{{}, {Client: test.client}} {
				w := newWorld()
				test.arrange(w)
				status, err := w.operator(t).Status(t.Context(), filter)
				if err != nil {
					t.Fatalf("Status: %v", err)
				}
				i := slices.IndexFunc(status.Clients, func(c operate.Client) bool { return c.Name == test.client })
				if i < 0 {
					t.Fatalf("Status of %q: got %+v, want %s in it", filter, status, test.client)
				}
				got := status.Clients[i]
				if !strings.Contains(got.Problem, test.problem) || (got.Problem == "") != (test.problem == "") || got.Reason != test.reason {
					t.Errorf("Status of %q: problem %q and reason %q, want %q and %q", filter, got.Problem, got.Reason, test.problem, test.reason)
				}
				if (test.reason != "") != got.Since.Equal(since) {
					t.Errorf("Status of %q: since %s", filter, got.Since)
				}
			}
		})
	}
}

// A grant is looked at in both stores: what is in its secret is read if the
// journal does not name it.
func TestStatusOfGrantSecrets(t *testing.T) {
	t.Parallel()
	id := token.ID{Client: "shop", Merchant: "DK1"}
	torn := fmt.Errorf("secret x/shop/DK1/grant: %w", token.ErrUnreadable)
	tests := []struct {
		name    string
		entry   bool
		secret  *token.Stored[token.Grant]
		state   operate.State // empty: unknown
		problem string
		read    bool // of all tokens
	}{
		{"as the journal published it", true, &token.Stored[token.Grant]{Version: "v1"}, operate.StateFresh, "", false},
		{"replaced by a person", true, &token.Stored[token.Grant]{Version: "v2"}, operate.StateFresh, "", true},
		{"replaced by nonsense", true, &token.Stored[token.Grant]{Version: "v2", Err: torn}, operate.StateFresh, "secret x/shop/DK1/grant: unreadable", true},
		{"nonsense that no journal knows", false, &token.Stored[token.Grant]{Version: "v2", Err: torn}, operate.StateUnreadable, "secret x/shop/DK1/grant: unreadable", true},
		{"an import that is not adopted yet", false, &token.Stored[token.Grant]{Version: "v2"}, operate.StateMissing, "", true},
		{"deleted", true, &token.Stored[token.Grant]{Version: "v1", Err: token.ErrDeleted}, operate.StateFresh, "", false},
		{"deleted, and the journal does not know it", false, &token.Stored[token.Grant]{Version: "v1", Err: token.ErrDeleted}, "", "", false},
		{"only in the journal", true, nil, operate.StateFresh, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, filter := range []token.ID{{Client: "shop"}, id} {
				w := newWorld()
				w.consent("DK1", time.Minute, nil)
				if !test.entry {
					delete(w.entries, id)
				}
				delete(w.secrets, id)
				if test.secret != nil {
					w.secrets[id] = *test.secret
				}
				status, err := w.operator(t).Status(t.Context(), filter)
				if read := slices.Contains(w.read, id.String()); filter.Merchant == "" && read != test.read {
					t.Errorf("the secret was read: %v, want %v", read, test.read)
				}
				if test.state == "" {
					if refused := err != nil; refused != (filter.Merchant != "") || len(states(status)) != 0 {
						t.Errorf("Status of %s: got %+v and %v, want no token", filter, status, err)
					}
					continue
				}
				if got := shownOf(t, status); err != nil || got.State != test.state || got.Problem != test.problem && !strings.HasPrefix(got.Problem, test.problem+" ") {
					t.Errorf("Status of %s: got %+v (%v), want %s with problem %q", filter, got, err, test.state, test.problem)
				}
			}
		})
	}
}

func TestStatusTellsTheLastTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		at := time.Now().Add(-time.Minute)
		id := w.consent("DK1", 50*time.Minute, func(e *token.Entry) {
			e.Result = token.Result{Outcome: token.OutcomeUnknown, At: at, Failures: 1}
			e.Revision = 4
		})
		status, err := w.operator(t).Status(t.Context(), id)
		if err != nil {
			t.Fatalf("Status: %v", err)
		}
		got := shownOf(t, status)
		if got.Outcome != token.OutcomeUnknown || !got.TriedAt.Equal(at) || !got.IssuedAt.Equal(time.Now().Add(-50*time.Minute)) {
			t.Errorf("got %+v, want the outcome and time of the last try, and when the last succeeded", got)
		}
		if got.Revision != 4 || got.PublishedRevision != 1 {
			t.Errorf("revisions %d and %d, want 4 and 1", got.Revision, got.PublishedRevision)
		}
	})
}

// What is only got when it is asked for is not missing.
func TestStatusOfWhatIsNotPublished(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.credentials["pos"] = token.Stored[token.Credentials]{Value: token.Credentials{Client: "pos", Unbound: true, Publish: token.PublishFunction}}
	status, err := w.operator(t).Status(t.Context(), token.ID{Client: "pos"})
	if got := shownOf(t, status); err != nil || got.State != operate.StateIdle {
		t.Errorf("got %+v (%v), want it idle", got, err)
	}
}

// What several sweeps did not get, the next one will not get either.
func TestStatusOfWhatNoSweepGot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for age, want := range map[time.Duration]string{
			3 * time.Minute: "",
			4 * time.Minute: "no secret has it, 4m0s after its credentials were stored: `tokens refresh pos` says why",
		} {
			w := newWorld()
			w.credentials["pos"] = token.Stored[token.Credentials]{Value: token.Credentials{Client: "pos", Unbound: true}, WrittenAt: time.Now().Add(-age)}
			status, err := w.operator(t).Status(t.Context(), token.ID{Client: "pos"})
			if got := shownOf(t, status); err != nil || got.State != operate.StateMissing || got.Problem != want {
				t.Errorf("credentials of %s ago: got %+v (%v), want it missing with problem %q", age, got, err, want)
			}
		}
	})
}

func TestStatusFailsWithEachLook(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Survey", "Grants"} {
		w := newWorld()
		id := w.consent("DK1", time.Minute, nil)
		w.secrets[id] = token.Stored[token.Grant]{Version: "v2"}
		w.fails = call
		if _, err := w.operator(t).Status(t.Context(), token.ID{}); !errors.Is(err, errStore) {
			t.Errorf("%s: got %v, want the store's error", call, err)
		}
	}
}
