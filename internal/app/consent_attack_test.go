package app_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/consent/page"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// age makes the browser's attempt as old as that, with the key that only we have.
func (b *browser) age(t *testing.T, by time.Duration) {
	t.Helper()
	sealer, err := app.InviteSealer(b.app)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range b.cookies {
		label := seal.Label{Purpose: "attempt", ID: name}
		sealed, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := sealer.Open(t.Context(), label, sealed)
		fields := map[string]any{}
		if err = errors.Join(err, json.Unmarshal(plain, &fields)); err != nil {
			t.Fatalf("open the attempt: %v", err)
		}
		fields["started_at"] = time.Now().Add(-by)
		plain, err = json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if sealed, err = sealer.Seal(t.Context(), label, plain); err != nil {
			t.Fatal(err)
		}
		b.cookies[name] = base64.RawURLEncoding.EncodeToString(sealed)
	}
}

// Each response is refused with its page; no code is exchanged where the flaw is
// in front of that, exactly one where it is behind; nothing is stored, nothing
// is told, and the merchant's next consent works.
func TestConsentAttacks(t *testing.T) {
	w := newConsentWorld(t)
	for group, attacks := range map[string][]consentAttack{
		"front": frontAttacks(), "back": backAttacks(), "browser": browserAttacks(), "invite": inviteAttacks(),
	} {
		for _, tt := range attacks {
			t.Run(group+"/"+tt.name, func(t *testing.T) { tt.run(t, w) })
		}
	}
	told := w.log.String()
	for _, secret := range append(w.provider.Secrets(), w.other.Secrets()...) {
		w.begun = append(w.begun, secret.Reveal())
	}
	for _, value := range append(w.begun, "zforged", clientSecret) {
		if value != "" && strings.Contains(told, value) {
			t.Fatal("the log tells a secret, or a value of a request")
		}
	}
}

func (a consentAttack) run(t *testing.T, w *consentWorld) {
	b := w.visit()
	if a.fault.Kind != "" {
		if err := w.provider.SetFault(a.fault); err != nil {
			t.Fatalf("SetFault: %v", err)
		}
		t.Cleanup(w.provider.ClearFaults)
	}
	got := a.send(t, b, b.consented(t))
	w.provider.ClearFaults()
	if kind := shown(t, got); got.Code != a.status || kind != a.kind {
		t.Errorf("got status %d and page %q, want %d and %q", got.Code, kind, a.status, a.kind)
	}
	if reason, failure := w.reason(t); reason != a.reason || !strings.Contains(failure, a.check) {
		t.Errorf("the log's reason is %q, its error %q; want %q and %q", reason, failure, a.reason, a.check)
	}
	a.storedNothing(t, b)
	b.succeeds(t)
}

// storedNothing holds the stores and the provider to what a refusal leaves.
func (a consentAttack) storedNothing(t *testing.T, b *browser) {
	t.Helper()
	entry, err := app.Entry(t.Context(), b.app, b.id)
	times := b.presented()
	switch {
	case !a.spent && (times != 0 || !errors.Is(err, token.ErrNotFound)):
		t.Errorf("the code was presented %d times, the journal's row: %v; want neither", times, err)
	case a.spent && (times != 1 || err != nil || len(entry.Exchanges) != 1 || entry.Exchanges[0].Outcome != token.ExchangeRefused):
		t.Errorf("the code was presented %d times, the journal has %d exchanges (%v), want one, refused", times, len(entry.Exchanges), err)
	case entry.Revision != 0 || !entry.Grant.RefreshToken.Empty() || !entry.Access.Value.Empty():
		t.Error("the journal holds a grant")
	case entry.Lease.Holder != "":
		t.Error("the lease was not given back")
	}
	if b.grantSecret(t) != "" {
		t.Error("a grant is published")
	}
	if _, live := b.provider.Live("shop-1", b.id.Merchant); live != a.kept {
		t.Error("the provider's refresh token is alive: it was not given back")
	}
}

// succeeds is the merchant's honest consent, in another browser.
func (b *browser) succeeds(t *testing.T) {
	t.Helper()
	honest, before := b.again(b.id), b.presented()
	form := honest.consented(t)
	if got := honest.post(form); got.Code != http.StatusSeeOther {
		reason, failure := b.reason(t)
		t.Fatalf("an honest consent afterwards: got status %d (%s %s), want 303", got.Code, reason, failure)
	}
	if times := honest.presented() - before; times != 1 {
		t.Errorf("got %d code exchanges, want 1", times)
	}
	if kind := shown(t, honest.get(consentURL+"/consent/done")); kind != page.Done {
		t.Errorf("got the page %q, want %q", kind, page.Done)
	}
	live, _ := b.provider.Live("shop-1", b.id.Merchant)
	entry, err := app.Entry(t.Context(), b.app, b.id)
	if err != nil || !entry.Grant.RefreshToken.Equal(live) || !strings.Contains(honest.grantSecret(t), live.Reveal()) || live.Empty() {
		t.Errorf("the live refresh token is not in both stores (%v)", err)
	}
}

// What is in the way may pass: nothing is lost that was not sent, and what was
// sent is not sent again.
func TestConsentOutages(t *testing.T) {
	w := newConsentWorld(t)
	for _, tt := range []struct {
		fault     authserver.Kind
		first     string // why the first try fails
		second    int    // status of the same callback, when the provider is up again
		presented int
	}{
		{authserver.KeysUnavailable, "keys", http.StatusSeeOther, 1},
		{authserver.HTML500, "exchange_failed", http.StatusServiceUnavailable, 1},
		{authserver.HTML500After, "exchange_failed", http.StatusServiceUnavailable, 1},
		{authserver.ResetAfter, "exchange_failed", http.StatusServiceUnavailable, 1},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			b := w.visit()
			form := b.consented(t)
			w.start(t) // another instance, which has no keys yet
			t.Cleanup(w.provider.ClearFaults)
			if err := w.provider.SetFault(authserver.Fault{Kind: tt.fault}); err != nil {
				t.Fatalf("SetFault: %v", err)
			}
			got := b.post(form)
			if reason, failure := w.reason(t); got.Code != http.StatusServiceUnavailable || shown(t, got) != page.TryAgain || reason != tt.first {
				t.Errorf("got status %d (%s %s), want 503 for %s", got.Code, reason, failure, tt.first)
			}
			w.provider.ClearFaults()
			w.start(t) // or the same a little later: keys are not asked for over and over
			if got := b.post(form); got.Code != tt.second {
				reason, failure := w.reason(t)
				t.Errorf("once more: got status %d (%s %s), want %d", got.Code, reason, failure, tt.second)
			}
			if times := b.presented(); times != tt.presented {
				t.Errorf("the code was presented %d times, want %d", times, tt.presented)
			}
			b.succeeds(t)
		})
	}
}

// A callback that is repeated, by whichever instance, finds the first one's
// outcome; an invite is done with once its consent stands.
func TestConsentIsExchangedOnce(t *testing.T) {
	w := newConsentWorld(t)
	b := w.visit()
	link := b.invite(t, 0)
	form := b.consented(t)
	for range 3 {
		if got := b.post(form); got.Code != http.StatusSeeOther {
			t.Errorf("got status %d, want 303", got.Code)
		}
		w.start(t) // another instance
	}
	if times := b.presented(); times != 1 {
		t.Errorf("the code was presented %d times, want once", times)
	}
	if _, live := w.provider.Live("shop-1", b.id.Merchant); !live {
		t.Error("repeating the callback ended the consent")
	}
	if kind := shown(t, b.get(link)); kind != page.Already {
		t.Errorf("the invite once more: got the page %q, want %q", kind, page.Already)
	}
}

// The same callback at two instances at once: one exchanges the code, and all
// answer with what came of that.
func TestConsentOnTwoInstancesAtOnce(t *testing.T) {
	w := newConsentWorld(t)
	b := w.visit()
	form := b.consented(t)
	handlers := []http.Handler{w.handler}
	w.start(t)
	handlers = append(handlers, w.handler)
	answers := make([]*httptest.ResponseRecorder, 8)
	var all sync.WaitGroup
	for i := range answers {
		answers[i] = httptest.NewRecorder()
		request := b.dress(callback(form))
		all.Go(func() { handlers[i%len(handlers)].ServeHTTP(answers[i], request) })
	}
	all.Wait()
	for _, got := range answers {
		if got.Code != http.StatusSeeOther {
			t.Errorf("got status %d, want 303", got.Code)
		}
	}
	if times := b.presented(); times != 1 {
		t.Errorf("the code was presented %d times, want once", times)
	}
	if _, live := w.provider.Live("shop-1", b.id.Merchant); !live {
		t.Error("the consent was ended")
	}
}
