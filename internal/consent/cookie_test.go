package consent_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/consent/page"
	"token-refresher/internal/seal"
)

func decoded(t testing.TB, text string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return string(raw)
}

// The attributes as text: a __Host- cookie without any one of them is refused by
// browsers, and without SameSite=None it does not come along with the provider's
// cross-site post.
func TestCookiesAsText(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	begun := b.get(b.invite())
	done := b.callback(b.provider.approve("code-1"))
	for name, tt := range map[string]struct {
		got  *httptest.ResponseRecorder
		want string
	}{
		"attempt": {begun, `^__Host-consent-[0-9a-f]{16}=[A-Za-z0-9_-]+; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=None$`},
		"done":    {done, `^__Host-consent-done=[A-Za-z0-9_-]+; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax$`},
	} {
		lines := tt.got.Header().Values("Set-Cookie")
		if len(lines) != 1 || !regexp.MustCompile(tt.want).MatchString(lines[0]) {
			attributes := regexp.MustCompile(`=[^;]+`).ReplaceAllString(strings.Join(lines, "\n"), "=…")
			t.Errorf("%s: got %s, want one that matches %s", name, attributes, tt.want)
		}
	}
}

// A cookie tells nothing, not even to the browser that keeps it.
func TestCookieIsSealed(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.begin()
	b.callback(b.provider.approve("code-1"))
	for _, c := range b.cookies {
		for _, told := range []string{b.provider.asked[0].State, b.provider.redeemed[0].Verifier.Reveal(), "shop.example", "verifier", "DK12345678"} {
			if strings.Contains(decoded(t, c.Value), told) {
				t.Errorf("the cookie %s tells what it holds", c.Name)
			}
		}
	}
}

// A name is only 64 bits of a state: what counts is the state that the cookie
// holds.
func TestStateOfTheSameName(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	form := b.approved("code-1")
	name := b.cookies[0].Name
	sealed, err := newSealer(t, b.keys).Seal(t.Context(), seal.Label{Purpose: "attempt", ID: name},
		fmt.Appendf(nil, `{"client":"subscriptions","merchant":"DK12345678","state":"another","started_at":%q}`, time.Now().UTC().Format(time.RFC3339)))
	if err != nil {
		t.Fatal(err)
	}
	b.cookies = []*http.Cookie{{Name: name, Value: base64.RawURLEncoding.EncodeToString(sealed)}}
	shows(t, b.callback(form), http.StatusBadRequest, page.Wrong)
	b.logged("state_differs")
}

// Browsers keep 4 KB of a cookie, and API Gateway takes 10 KB of headers.
func TestCookiesFit(t *testing.T) {
	t.Parallel()
	longest := func(i *consent.Invite) {
		i.ID.Client = merchant().Client
		i.ID.Merchant = "DK" + strings.Repeat("8", 62)
		i.ReturnTo = "https://shop.example/" + strings.Repeat("&", 512-21)
	}
	b := newWorld(t).browser()
	for range 4 {
		if got := b.get(b.invite(longest)); got.Code != http.StatusSeeOther {
			t.Fatalf("got status %d, want 303", got.Code)
		}
	}
	all := 0
	for _, c := range b.cookies {
		size := len(c.String())
		if size > 2048 {
			t.Errorf("got a cookie of %d bytes, want 2048 at most", size)
		}
		all += len(c.Name) + len(c.Value) + 3
	}
	if all > 8192 {
		t.Errorf("got %d bytes of cookies in one request, want 8192 at most", all)
	}
}

// The oldest of five attempts is given up; the other four can all be completed.
func TestFourAttemptsAreOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newWorld(t).browser()
		forms := make([]string, 0, 5)
		for _, code := range []string{"code-0", "code-1", "code-2", "code-3", "code-4"} {
			forms = append(forms, b.approved(code).Encode())
			if len(b.cookies) > 4 {
				t.Errorf("got %d cookies, want 4 at most", len(b.cookies))
			}
			time.Sleep(time.Second)
		}
		shows(t, b.post(forms[0]), http.StatusBadRequest, page.Wrong)
		for i, form := range forms[1:] {
			if got := b.post(form); got.Code != http.StatusSeeOther {
				t.Errorf("attempt %d: got status %d, want 303", i+1, got.Code)
			}
		}
	})
}

// What does not open or is too old is swept out before a good one is.
func TestDeadCookiesAreSweptOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newWorld(t).browser()
		b.begin()
		b.cookies[0].Value = "AAAA"
		b.begin()
		time.Sleep(10 * time.Minute) // the second is too old now
		b.begin()
		b.begin()
		form := b.provider.approve("code-1")
		if len(b.cookies) != 2 {
			t.Errorf("got %d cookies, want the 2 that are good", len(b.cookies))
		}
		b.begin()
		b.begin()
		if len(b.cookies) != 4 {
			t.Errorf("got %d cookies, want 4", len(b.cookies))
		}
		if got := b.callback(form); got.Code != http.StatusSeeOther {
			t.Errorf("got status %d, want 303", got.Code)
		}
	})
}

// Nobody makes us look for more keys than we give cookies, and foreign ones stay.
func TestManyCookies(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.cookies = append(b.cookies, &http.Cookie{Name: "session", Value: "x"}, &http.Cookie{Name: "__Host-consent-other", Value: "x"})
	stranger := newSealer(t, &fakeKeys{current: "x1"})
	for i := range 20 {
		name := fmt.Sprintf("__Host-consent-%016x", i)
		sealed, err := stranger.Seal(t.Context(), seal.Label{Purpose: "attempt", ID: name}, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		b.cookies = append(b.cookies, &http.Cookie{Name: name, Value: base64.RawURLEncoding.EncodeToString(sealed)})
	}
	b.begin()
	names := map[string]bool{}
	for _, c := range b.cookies {
		names[c.Name] = true
	}
	if len(b.cookies) != 3 || !names["session"] || !names["__Host-consent-other"] {
		t.Errorf("got %d cookies, want the new one and the two foreign ones", len(b.cookies))
	}
	if b.keys.versions < 1 || b.keys.versions > 8 {
		t.Errorf("got %d looks for a key, want 1 to 8", b.keys.versions)
	}
}

func TestDonePage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(b *browser)
		kind   page.Kind
		reason string
	}{
		{"just consented", func(*browser) {}, page.Done, "done"},
		{"reloaded", func(b *browser) { b.get(publicURL + "/consent/done") }, page.Done, "done"},
		{"no cookie", func(b *browser) { b.cookies = nil }, page.Closed, "no_cookie"},
		{"another browser's attempt for a cookie", func(b *browser) {
			b.cookies = b.cookies[:1]
			b.cookies[0].Name = "__Host-consent-done"
		}, page.Closed, "cookie_tampered"},
		{"an invite for a cookie", func(b *browser) { _, b.cookies[1].Value, _ = strings.Cut(b.invite(), "=") }, page.Closed, "cookie_tampered"},
		{"changed", func(b *browser) { b.cookies[1].Value = "zforged" }, page.Closed, "cookie_malformed"},
		{"long ago", func(*browser) { time.Sleep(10 * time.Minute) }, page.Closed, "cookie_expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newWorld(t).browser()
				b.callback(b.approved("code-1"))
				tt.change(b)
				got := b.get(publicURL + "/consent/done")
				shows(t, got, http.StatusOK, tt.kind)
				b.logged(tt.reason)
				if leads := strings.Contains(got.Body.String(), returnTo); leads != (tt.kind == page.Done) {
					t.Errorf("leads back to the return address: %t", leads)
				}
			})
		})
	}
}
