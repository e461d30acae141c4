package authserver_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// world is what the server must be like, worked out anew: which refresh token
// of the merchant's consents is accepted.
type world struct {
	t        *rapid.T
	server   *authserver.Server
	now      time.Time
	settings authserver.Client
	consents []modelConsent
	issued   []string // every refresh token there ever was
	codes    []modelCode
	nonces   int
}

type modelConsent struct {
	live    string
	expires time.Time
	ended   bool
	spent   map[string]bool
}

// TestModel does anything in any order, and holds every answer to the model.
func TestModel(t *testing.T) {
	t.Parallel()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, now: time.Unix(1_700_000_000, 0), settings: authserver.Client{
			ID: consentID, Secret: token.NewSecret(consentPass), OmitIDToken: true, ConsentLifetime: time.Hour,
			RefreshTokens: rapid.SampledFrom([]authserver.RefreshUse{authserver.OneTime, authserver.ReUse}).Draw(t, "use"),
			DetectReuse:   rapid.Bool().Draw(t, "detect"),
			RedirectURIs:  []string{redirectURI},
		}}
		var err error
		w.server, err = authserver.New(authserver.Config{
			Now: func() time.Time { return w.now }, IDTokenKey: key, Clients: []authserver.Client{w.settings},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Repeat(map[string]func(*rapid.T){
			"grant":   func(*rapid.T) { w.grant() },
			"refresh": func(t *rapid.T) { w.refresh(w.any(t)) },
			"renounce": func(t *rapid.T) {
				w.renounce(w.any(t))
			},
			"revoke":   func(*rapid.T) { w.revoke() },
			"approve":  func(*rapid.T) { w.approve() },
			"exchange": w.exchange,
			"wait": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "minutes")) * time.Minute)
			},
			"": func(t *rapid.T) { w.check(t) },
		})
	})
}

// any is a refresh token that was issued, or was not; a recent one more often.
func (w *world) any(t *rapid.T) string {
	back := rapid.IntRange(0, 4).Draw(t, "back")
	if back >= len(w.issued) {
		return "never issued"
	}
	return w.issued[len(w.issued)-1-back]
}

func (w *world) grant() {
	consent, err := w.server.Grant(consentID, merchantVAT)
	if err != nil {
		w.t.Fatalf("Grant: %v", err)
	}
	w.consented(consent.RefreshToken.Reveal())
}

// consented notes a new consent with its first refresh token.
func (w *world) consented(value string) {
	if n := len(w.consents); n > 0 && w.settings.RefreshTokens == authserver.OneTime {
		w.consents[n-1].ended = true
	}
	w.consents = append(w.consents, modelConsent{live: value, expires: w.now.Add(time.Hour), spent: map[string]bool{}})
	w.issued = append(w.issued, value)
}

func (w *world) refresh(value string) {
	want := false
	for i := range w.consents {
		c := &w.consents[i]
		switch {
		case c.spent[value]:
			c.ended = c.ended || w.settings.DetectReuse
		case c.live == value && !c.ended && w.now.Before(c.expires):
			want = true
			c.expires = w.now.Add(time.Hour)
			defer func() { w.rotated(c, value) }()
		}
	}
	response, answer := w.post(authserver.MerchantTokenPath, refreshForm(value))
	if got := response == http.StatusOK; got != want {
		w.t.Fatalf("refresh: got status %d, want it accepted: %v", response, want)
	}
	if want {
		w.issued = append(w.issued, answer)
	}
}

// rotated notes what the answer, the last one issued, has made of a consent.
func (w *world) rotated(c *modelConsent, sent string) {
	c.live = w.issued[len(w.issued)-1]
	if same := c.live == sent; same != (w.settings.RefreshTokens == authserver.ReUse) {
		w.t.Fatalf("refresh: the same token came back: %v", same)
	}
	if c.live != sent {
		c.spent[sent] = true
	}
}

func (w *world) renounce(value string) {
	for i := range w.consents {
		w.consents[i].ended = w.consents[i].ended || w.consents[i].live == value
	}
	form := url.Values{"token": {value}, "client_id": {consentID}, "client_secret": {consentPass}}
	if status, _ := w.post(authserver.RevocationPath, form); status != http.StatusOK {
		w.t.Fatalf("revocation: got status %d, want 200", status)
	}
}

func (w *world) revoke() {
	standing := false
	for i := range w.consents {
		standing = standing || !w.consents[i].ended
		w.consents[i].ended = true
	}
	if err := w.server.RevokeConsent(consentID, merchantVAT); (err == nil) != standing {
		w.t.Fatalf("RevokeConsent: got %v with a standing consent: %v", err, standing)
	}
}

func (w *world) check(t *rapid.T) {
	got, ok := w.server.Live(consentID, merchantVAT)
	n := len(w.consents)
	want := n > 0 && !w.consents[n-1].ended && w.now.Before(w.consents[n-1].expires)
	if ok != want || (want && got.Reveal() != w.consents[n-1].live) {
		t.Fatalf("Live: got one: %v, want one: %v, and that of the model", ok, want)
	}
	for i, state := range w.server.Consents() {
		if c := w.consents[i]; state.Newest.Reveal() != c.live || (state.Ended != "") != c.ended {
			t.Fatalf("consent %d: got ended %q, want ended: %v, and the newest token of the model", i, state.Ended, c.ended)
		}
	}
}

// post returns the status and the refresh token of the answer.
func (w *world) post(path string, form url.Values) (int, string) {
	status, answer, err := exchange(w.server, path, form)
	if err != nil {
		w.t.Fatal(fmt.Errorf("%s: %w", path, err))
	}
	next, _ := answer["refresh_token"].(string)
	return status, next
}
