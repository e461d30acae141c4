package consent_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/consent/page"
	"token-refresher/internal/token"
)

func TestBeginSendsToTheProvider(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	link := b.invite()
	got := b.get(link)
	if got.Code != http.StatusSeeOther || got.Body.Len() != 0 {
		t.Fatalf("got status %d and %d bytes, want 303 and none", got.Code, got.Body.Len())
	}
	b.logged("authorize")
	if len(b.provider.asked) != 1 || b.provider.readied != 1 {
		t.Fatalf("got %d authorization requests and %d looks at the keys, want 1 and 1", len(b.provider.asked), b.provider.readied)
	}
	asked := b.provider.asked[0]
	if asked.Merchant != merchant().Merchant || asked.RedirectURI != publicURL+"/consent/callback" {
		t.Errorf("asked for %+v", asked)
	}
	for name, value := range map[string]string{"state": asked.State, "nonce": asked.Nonce, "challenge": asked.Challenge} {
		if raw, err := base64.RawURLEncoding.DecodeString(value); err != nil || len(raw) != 32 {
			t.Errorf("%s: got %d bytes, %v, want 32", name, len(raw), err)
		}
	}
	_, invite, _ := strings.Cut(link, "=")
	b.silent("", invite, asked.State, asked.Nonce, asked.Challenge, b.cookies[0].Value)
}

// The verifier is in no URL, and what is in one does not tell it.
func TestVerifierIsInNoURL(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.callback(b.approved("code-1"))
	verifier := b.provider.redeemed[0].Verifier.Reveal()
	if raw, err := base64.RawURLEncoding.DecodeString(verifier); err != nil || len(raw) != 32 {
		t.Errorf("got a verifier of %d bytes, %v, want 32", len(raw), err)
	}
	sum := sha256.Sum256([]byte(verifier))
	asked := b.provider.asked[0]
	if got := base64.RawURLEncoding.EncodeToString(sum[:]); got != asked.Challenge {
		t.Error("the challenge is not the verifier's SHA-256")
	}
	for name, value := range map[string]string{"state": asked.State, "nonce": asked.Nonce, "challenge": asked.Challenge} {
		if value == verifier {
			t.Errorf("%s is the verifier", name)
		}
	}
}

// No attempt has anything in common with another.
func TestEveryAttemptIsFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link, seen := w.invite(), map[string]bool{}
	for range 8 {
		w.browser().get(link)
	}
	for _, a := range w.provider.asked {
		for _, value := range []string{a.State, a.Nonce, a.Challenge} {
			if seen[value] {
				t.Fatal("a value was used before")
			}
			seen[value] = true
		}
	}
}

// HEAD is what previews of links send; it changes nothing and has no body.
func TestHead(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	for target, want := range map[string]int{
		b.invite(): http.StatusSeeOther, publicURL + "/consent": http.StatusBadRequest, publicURL + "/consent/done": http.StatusOK,
	} {
		got := b.do(httptest.NewRequest(http.MethodHead, target, nil))
		if got.Code != want || got.Body.Len() != 0 {
			t.Errorf("HEAD: got status %d and %d bytes, want %d and none", got.Code, got.Body.Len(), want)
		}
	}
	if b.rows.stored != 0 {
		t.Errorf("got %d writes, want none", b.rows.stored)
	}
}

func TestBeginRefuses(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	tests := []struct {
		name   string
		open   func(w *world) string // damages the world and returns the link to open
		status int
		kind   page.Kind
		reason string
	}{
		{"no invite", func(*world) string { return publicURL + "/consent" }, http.StatusBadRequest, page.Expired, "invite_missing"},
		{"empty", func(*world) string { return publicURL + "/consent?invite=" }, http.StatusBadRequest, page.Expired, "invite_malformed"},
		{"twice", func(w *world) string { return w.invite() + "&invite=zforged" }, http.StatusBadRequest, page.Expired, "invite_missing"},
		{"broken query", func(w *world) string { return w.invite() + "&x=%zz" }, http.StatusBadRequest, page.Expired, "invite_missing"},
		{"forged", func(*world) string { return publicURL + "/consent?invite=zforged" }, http.StatusBadRequest, page.Expired, "invite_malformed"},
		{"no base64url", func(w *world) string { return w.invite() + "!" }, http.StatusBadRequest, page.Expired, "invite_malformed"},
		{"too long", func(*world) string { return publicURL + "/consent?invite=" + strings.Repeat("z", 5000) }, http.StatusBadRequest, page.Expired, "invite_malformed"},
		{"cut off by a mail program", func(w *world) string { l := w.invite(); return l[:len(l)-20] }, http.StatusBadRequest, page.Expired, "invite_tampered"},
		{"changed", func(w *world) string { l := w.invite(); return l[:len(l)-8] + "AAAAAAAA" }, http.StatusBadRequest, page.Expired, "invite_tampered"},
		{"sealed with a key that is not ours", func(w *world) string {
			w.keys.current = "x1"
			w.restart()
			link := w.invite()
			w.keys.current = "v1"
			w.restart()
			return link
		}, http.StatusBadRequest, page.Expired, "invite_key_unknown"},
		{"cookie for an invite", func(w *world) string {
			b := w.browser()
			b.begin()
			return publicURL + "/consent?invite=" + b.cookies[0].Value
		}, http.StatusBadRequest, page.Expired, "invite_tampered"},
		{"expired", func(w *world) string {
			link := w.invite()
			time.Sleep(7 * 24 * time.Hour)
			return link
		}, http.StatusGone, page.Expired, "invite_expired"},
		{"client unknown", func(w *world) string {
			return w.invite(func(i *consent.Invite) { i.ID.Client = "gone" })
		}, http.StatusGone, page.Expired, "client_unknown"},
		{"merchant that the provider has no such of", func(w *world) string {
			return w.invite(func(i *consent.Invite) { i.ID.Merchant = "SE12345678" })
		}, http.StatusBadRequest, page.Wrong, "merchant"},
		{"newer consent", func(w *world) string {
			link := w.invite()
			w.rows.entry = token.Entry{ID: merchant(), Grant: token.Grant{ConsentedAt: time.Now().Add(time.Minute)}}
			return link
		}, http.StatusOK, page.Already, "newer_consent"},
		{"credentials unreadable", func(w *world) string { w.provider.lookupErr = down; return w.invite() }, http.StatusServiceUnavailable, page.TryAgain, "client"},
		{"journal unreadable", func(w *world) string { w.rows.getErr = down; return w.invite() }, http.StatusServiceUnavailable, page.TryAgain, "journal"},
		{"provider not found", func(w *world) string { w.provider.addressErr = down; return w.invite() }, http.StatusServiceUnavailable, page.TryAgain, "authorization_url"},
		{"key out of reach", func(w *world) string {
			link := w.invite()
			w.keys.err = down
			w.restart()
			return link
		}, http.StatusServiceUnavailable, page.TryAgain, "invite_key_unavailable"},
		{"key to seal with out of reach", func(w *world) string {
			link := w.invite()
			w.keys.currentErr = down
			w.restart()
			return link
		}, http.StatusServiceUnavailable, page.TryAgain, "seal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				link := tt.open(w)
				b := w.browser()
				got := b.get(link)
				shows(t, got, tt.status, tt.kind)
				w.logged(tt.reason)
				if len(b.cookies) != 0 || got.Header().Get("Location") != "" {
					t.Error("got a cookie or a redirect, want none")
				}
				_, invite, _ := strings.Cut(link, "invite=")
				w.silent(got.Body.String(), "zforged", invite)
			})
		})
	}
}

// An invite counts until a consent that is newer than it holds.
func TestInviteCountsUntilAConsentHolds(t *testing.T) {
	t.Parallel()
	issued := time.Now()
	given := token.Grant{ConsentedAt: issued.Add(time.Hour)}
	for name, entry := range map[string]token.Entry{
		"never consented":         {},
		"consented before":        {Grant: token.Grant{ConsentedAt: issued.Add(-time.Second)}},
		"refused by the provider": {Grant: given, Result: token.Result{Latch: &token.Latch{}}},
		"of somebody else":        {Grant: given, Suspect: true},
		"secret deleted":          {Grant: given, Parked: true},
		"removed":                 {Grant: given, Removed: true},
		"cannot be opened":        {Grant: given, Sealed: errors.New("tampered")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorld(t).browser()
			entry.ID = merchant()
			b.rows.entry = entry
			link := b.invite(func(i *consent.Invite) { i.IssuedAt = issued })
			if got := b.get(link); got.Code != http.StatusSeeOther {
				t.Errorf("got status %d, want 303", got.Code)
			}
		})
	}
}

// The keys are not needed before the callback.
func TestBeginWithoutTheProvidersKeys(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.provider.readyErr = errors.New("down")
	b.begin()
	if !strings.Contains(b.log.String(), "keys not fetched in advance") {
		t.Errorf("the log says nothing of it: %s", b.log)
	}
}

// An invite of an older key still opens, also after a restart.
func TestInviteOutlivesARotatedKey(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	link := b.invite()
	b.keys.current = "v2"
	b.restart()
	if got := b.get(link); got.Code != http.StatusSeeOther {
		t.Errorf("got status %d, want 303", got.Code)
	}
}

// Where a browser is sent is not for a request to say.
func TestNoOpenRedirect(t *testing.T) {
	t.Parallel()
	const evil = "evil.example"
	b := newWorld(t).browser()
	link := b.invite()
	form := b.approved("code-1")
	more := url.Values{"return_to": {"https://" + evil}, "redirect_uri": {"https://" + evil}, "next": {"//" + evil}}
	for k, v := range more {
		form[k] = v
	}
	requests := []*http.Request{
		httptest.NewRequest(http.MethodGet, link+"&"+more.Encode(), nil),
		posted(form.Encode()),
		httptest.NewRequest(http.MethodGet, publicURL+"/consent/done?"+more.Encode(), nil),
		httptest.NewRequest(http.MethodGet, "//"+evil+"/consent", nil),
		httptest.NewRequest(http.MethodGet, publicURL+"//"+evil+"/%2e%2e", nil),
		httptest.NewRequest(http.MethodGet, publicURL+"/consent/done/..//"+evil, nil),
	}
	for _, r := range requests {
		r.Host = evil
		r.Header.Set("X-Forwarded-Host", evil)
		r.Header.Set("X-Forwarded-Proto", "http")
		r.Header.Set("Forwarded", "host="+evil)
		r.Header.Set("Referer", "https://"+evil+"/")
		r.Header.Set("Origin", "https://"+evil)
		got := b.do(r)
		if strings.Contains(got.Header().Get("Location")+got.Body.String(), evil) {
			t.Errorf("%s %s: the answer leads to %s", r.Method, r.URL.Path, evil)
		}
	}
	if asked := b.provider.asked[1]; asked.RedirectURI != publicURL+"/consent/callback" {
		t.Errorf("got redirect_uri %q", asked.RedirectURI)
	}
}
