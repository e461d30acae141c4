package consent_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/consent"
)

func TestNewInviteRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*consent.Invite)
	}{
		{"no client", func(i *consent.Invite) { i.ID.Client = "" }},
		{"a client that is no name", func(i *consent.Invite) { i.ID.Client = "../x" }},
		{"no merchant", func(i *consent.Invite) { i.ID.Merchant = "" }},
		{"a merchant that is no name", func(i *consent.Invite) { i.ID.Merchant = "DK/1" }},
		{"not issued", func(i *consent.Invite) { i.IssuedAt = time.Time{} }},
		{"expired when issued", func(i *consent.Invite) { i.ExpiresAt = i.IssuedAt }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := consent.Invite{ID: merchant(), IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
			tt.change(&i)
			if link, err := newWorld(t).inviter.NewInvite(t.Context(), i); !errors.Is(err, consent.ErrInvalidInvite) {
				t.Errorf("got %q and %v, want %v", link, err, consent.ErrInvalidInvite)
			}
		})
	}
}

func TestReturnAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, address string
		ok            bool
	}{
		{"none", "", true},
		{"https", "https://shop.example", true},
		{"path, query and fragment", "https://shop.example:8443/a/b?c=d&e=%20f#g", true},
		{"an upper-case scheme", "HTTPS://shop.example/", true},
		{"http on this machine", "http://localhost:3000/x", true},
		{"http on loopback", "http://127.0.0.1:3000/x", true},
		{"http on IPv6 loopback", "http://[::1]:3000/x", true},
		{"as long as may be", "https://shop.example/" + strings.Repeat("&", 512-21), true},
		{"one byte longer", "https://shop.example/" + strings.Repeat("&", 512-20), false},
		{"http elsewhere", "http://shop.example/", false},
		{"http on a name like loopback", "http://localhost.evil.example/", false},
		{"script", "javascript:alert(1)", false},
		{"script with slashes", "javascript://shop.example/%0aalert(1)", false},
		{"data", "data:text/html,x", false},
		{"no scheme", "//evil.example/", false},
		{"relative", "/settings", false},
		{"bare host", "shop.example", false},
		{"no host", "https:///x", false},
		{"port without a host", "https://:443/x", false},
		{"opaque", "https:shop.example", false},
		{"user", "https://shop.example@evil.example/", false},
		{"user and password", "https://a:b@evil.example/", false},
		{"backslash", `https://evil.example\@shop.example/`, false},
		{"backslashes for slashes", `https:\\evil.example`, false},
		{"line feed", "https://shop.example/\nSet-Cookie: a=b", false},
		{"carriage return", "https://shop.example/\r", false},
		{"tab in the scheme", "java\tscript:alert(1)", false},
		{"space in front", " https://shop.example/", false},
		{"zero byte", "https://shop.example/\x00", false},
		{"quote", `https://shop.example/"onclick="x`, false},
		{"tag", "https://shop.example/<script>", false},
		{"another alphabet", "https://shöp.example/", false},
		{"broken escape in the host", "https://%zz/", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := consent.Invite{ID: merchant(), ReturnTo: tt.address, IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
			_, err := newWorld(t).inviter.NewInvite(t.Context(), i)
			if (err == nil) != tt.ok || (err != nil && !errors.Is(err, consent.ErrInvalidInvite)) {
				t.Errorf("got error %v, want one: %t", err, !tt.ok)
			}
			if err != nil && tt.address != "" && strings.Contains(err.Error(), tt.address) {
				t.Errorf("the error repeats the address: %v", err)
			}
		})
	}
}

// An invite tells who has it nothing, not even whom it is for.
func TestInviteIsOpaque(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	link, err := url.Parse(b.invite())
	if err != nil {
		t.Fatal(err)
	}
	text := link.Query().Get("invite")
	if link.Path != "/consent" || len(link.Query()) != 1 {
		t.Errorf("got path %q and %d parameters, want /consent and 1", link.Path, len(link.Query()))
	}
	for _, told := range []string{merchant().Client, merchant().Merchant, "shop.example"} {
		if strings.Contains(decoded(t, text), told) {
			t.Errorf("the invite tells %q", told)
		}
	}
}

// Whatever character of an invite is changed, it opens no more.
func TestEveryCharacterOfAnInviteCounts(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	link := b.invite()
	for i := strings.Index(link, "=") + 1; i < len(link); i++ {
		other := byte('A')
		if link[i] == other {
			other = 'B'
		}
		if got := b.get(link[:i] + string(other) + link[i+1:]); got.Code != http.StatusBadRequest {
			t.Fatalf("character %d changed: got status %d, want 400", i, got.Code)
		}
	}
}

func TestInviterNeedsWhatItNeeds(t *testing.T) {
	t.Parallel()
	if _, err := consent.NewInviter(consent.InviterConfig{PublicURL: publicURL}); err == nil {
		t.Error("without a key: got no error")
	}
	if _, err := consent.NewInviter(consent.InviterConfig{PublicURL: "x", Seal: newSealer(t, &fakeKeys{})}); err == nil {
		t.Error("without a public URL: got no error")
	}
	w := newWorld(t)
	w.keys.err = errors.New("down")
	w.restart()
	i := consent.Invite{ID: merchant(), IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	if _, err := w.inviter.NewInvite(t.Context(), i); err == nil || errors.Is(err, consent.ErrInvalidInvite) {
		t.Errorf("without a key to be had: got %v, want another error than %v", err, consent.ErrInvalidInvite)
	}
}
