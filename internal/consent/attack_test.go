package consent_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/token"
)

// Each is refused with its page and its word in the log; nothing is exchanged,
// stored or repeated.
func TestAttacks(t *testing.T) {
	t.Parallel()
	for group, attacks := range map[string][]attack{
		"state": stateAttacks(), "body": bodyAttacks(), "response": responseAttacks(), "outage": outages(),
	} {
		for _, tt := range attacks {
			t.Run(group+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { tt.run(t, group) })
			})
		}
	}
}

func (a attack) run(t *testing.T, group string) {
	b := newWorld(t).browser()
	form := b.approved("code-1")
	values := []string{"zforged", form.Get("state"), form.Get("code"), form.Get("id_token"), b.provider.asked[0].Nonce, b.cookies[0].Value}
	lookedUp := b.provider.lookedUp
	got := a.send(b, form)
	shows(t, got, a.status, a.kind)
	b.logged(a.reason)
	if n := len(b.provider.redeemed); n != 0 {
		t.Errorf("got %d code exchanges, want none", n)
	}
	if b.rows.stored != 0 {
		t.Errorf("got %d writes of the journal, want none", b.rows.stored)
	}
	if cookies := got.Result().Cookies(); len(cookies) != 0 {
		t.Errorf("got %d cookies, want none", len(cookies))
	}
	if begun := len(b.provider.asked); (group == "state" || group == "body") && b.provider.lookedUp != lookedUp+begun-1 {
		t.Error("something else was looked at before the state")
	}
	var header bytes.Buffer
	if err := got.Header().Write(&header); err != nil {
		t.Fatal(err)
	}
	b.silent(got.Body.String()+header.String(), values...)
}

// A refused response spoils nothing: the merchant's own one still counts.
func TestAttacksSpoilNothing(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	form := b.approved("code-1")
	for name, value := range map[string]string{"code": "zforged", "id_token": "zforged", "iss": "zforged", "error": "server_error"} {
		forged := url.Values{}
		for k, v := range form {
			forged[k] = v
		}
		forged.Set(name, value)
		if got := b.callback(forged); got.Code != http.StatusBadRequest {
			t.Errorf("%s forged: got status %d, want 400", name, got.Code)
		}
	}
	if got := b.callback(form); got.Code != http.StatusSeeOther {
		t.Errorf("got status %d, want 303", got.Code)
	}
	if b.rows.entry.Grant.RefreshToken.Empty() {
		t.Error("no grant is stored")
	}
}

// What is not known is ignored (RFC 6749 section 3.1), and an iss that is right
// is no reason to refuse (RFC 9207).
func TestAcceptedResponses(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]url.Values{
		"session_state":         {"session_state": {"x.y"}},
		"unknown":               {"unknown": {"value"}},
		"iss":                   {"iss": {issuer}},
		"iss without a value":   {"iss": {""}},
		"as large as may be":    {"padding": {strings.Repeat("z", 63<<10)}},
		"error without a value": {"error": {""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorld(t).browser()
			form := b.approved("code-1")
			for k, v := range extra {
				form[k] = v
			}
			r := posted(form.Encode())
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			if got := b.do(r); got.Code != http.StatusSeeOther {
				t.Errorf("got status %d, want 303", got.Code)
			}
		})
	}
}

// A newer consent than the invite keeps no response away: what was just given is
// newer still, and may have ended the other at the provider.
func TestNewerConsentKeepsNoResponseAway(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	form := b.approved("code-1")
	b.rows.entry = token.Entry{ID: merchant(), Grant: token.Grant{ConsentedAt: time.Now().Add(time.Minute)}}
	if got := b.callback(form); got.Code != http.StatusSeeOther {
		t.Errorf("got status %d, want 303", got.Code)
	}
	if len(b.provider.redeemed) != 1 {
		t.Errorf("got %d code exchanges, want 1", len(b.provider.redeemed))
	}
}
