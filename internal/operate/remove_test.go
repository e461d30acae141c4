package operate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

func TestRemove(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	all := token.Removal{At: at, RevokedAt: at, DeletedAt: at}
	done := all
	done.DoneAt = at
	tests := []struct {
		name    string
		removal token.Removal
		err     error
		want    operate.Removed
		message string
	}{
		{"all steps", all, nil, operate.Removed{Removed: true, Revoked: true, Deleted: true}, "Sweeps look once more"},
		{"all done long ago", done, nil, operate.Removed{Removed: true, Revoked: true, Deleted: true}, ""},
		{"not revoked", token.Removal{At: at, DeletedAt: at}, errors.New("revoke: status 503"), operate.Removed{Removed: true, Deleted: true}, "go on, since this failed: revoke: status 503"},
		{"not deleted", token.Removal{At: at, RevokedAt: at}, errors.New("delete the grant: denied"), operate.Removed{Removed: true, Revoked: true}, "denied"},
		{"neither", token.Removal{At: at}, errors.Join(errors.New("one"), errors.New("two")), operate.Removed{Removed: true}, "one; two."},
		{
			"a provider that cannot revoke",
			token.Removal{At: at, RevokedAt: at, DeletedAt: at, Unrevocable: true},
			nil, operate.Removed{Removed: true, Deleted: true}, "no revocation endpoint",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.removal, w.removeErr = test.removal, test.err
			got, err := w.operator(t).Remove(t.Context(), token.ID{Client: "shop", Merchant: "DK1"})
			message := got.Message
			test.want.ID, got.Message = "shop/DK1", ""
			if err != nil || got != test.want || !strings.Contains(message, test.message) || (test.message == "") != (message == "") {
				t.Errorf("Remove: got %+v with %q (%v), want %+v with %q", got, message, err, test.want, test.message)
			}
		})
	}
}

// If nothing was done, that is said as a refusal or as the store's failure.
func TestRemoveDoesNothing(t *testing.T) {
	t.Parallel()
	shop := token.ID{Client: "shop", Merchant: "DK1"}
	tests := []struct {
		name string
		id   token.ID
		err  error
		want serve.Code // empty: it failed
	}{
		{"no such grant", shop, fmt.Errorf("grant: %w", token.ErrNotFound), serve.UnknownToken},
		{"somebody renews it", shop, token.ErrLeased, serve.ProviderUnavailable},
		{"somebody publishes it", shop, errors.Join(token.ErrPutOpen, errStore), serve.ProviderUnavailable},
		{"a newer one was put there", shop, fmt.Errorf("meanwhile: %w", token.ErrSuperseded), serve.ProviderUnavailable},
		{"a tombstone that tells nothing", shop, nil, serve.UnknownToken},
		{"its answer cannot be opened", shop, token.ErrSealed, ""},
		{"the journal fails", shop, errStore, ""},
		{"client credentials", token.ID{Client: "pos", Merchant: "DK1"}, errStore, serve.NotAllowed},
		{"client credentials, bound to nobody", token.ID{Client: "pos"}, errStore, serve.NotAllowed},
		{"no merchant", token.ID{Client: "shop"}, errStore, serve.NotAllowed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.removeErr = test.err
			got, err := w.operator(t).Remove(t.Context(), test.id)
			refusal, refused := errors.AsType[*serve.Refusal](err)
			if got != (operate.Removed{}) || err == nil || refused != (test.want != "") || refused && refusal.Code != test.want {
				t.Errorf("Remove: got %+v and %v, want %q", got, err, test.want)
			}
			if !refused && !errors.Is(err, test.err) {
				t.Errorf("Remove: got %v, want %v in it", err, test.err)
			}
		})
	}
}

// A merchant's grant outlives its client's credentials, and must not outlive its
// removal.
func TestRemoveWithoutCredentials(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(w *world){
		"gone":       func(w *world) { delete(w.credentials, "shop") },
		"unreadable": func(w *world) { w.credentials["shop"] = token.Stored[token.Credentials]{Err: token.ErrUnreadable} },
		"unusable":   func(w *world) { w.misdialed = errStore },
	} {
		w := newWorld()
		w.removal = token.Removal{At: time.Now()}
		arrange(w)
		if got, err := w.operator(t).Remove(t.Context(), token.ID{Client: "shop", Merchant: "DK1"}); err != nil || !got.Removed {
			t.Errorf("%s: got %+v and %v, want it removed", name, got, err)
		}
	}
}
