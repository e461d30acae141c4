package app_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/sandbox/authserver"
)

// consentAttack is a response that must not become a consent.
type consentAttack struct {
	name   string
	fault  authserver.Fault // of the provider, once
	send   func(t *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder
	status int
	kind   page.Kind
	reason string // in the log
	check  string // of the ID token, in the log
	spent  bool   // the flaw shows only after the exchange
	kept   bool   // by the provider: nothing came that could be given back
}

func posts(t *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return b.post(form)
}

func altered(name, value string) func(*testing.T, *browser, url.Values) *httptest.ResponseRecorder {
	return func(_ *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
		form.Set(name, value)
		return b.post(form)
	}
}

// frontAttacks are ID tokens that vouch for nothing.
func frontAttacks() (attacks []consentAttack) {
	for kind, check := range map[authserver.Kind]string{
		authserver.WrongNonce: "nonce", authserver.NoNonce: "nonce",
		authserver.WrongCodeHash: "c_hash", authserver.NoCodeHash: "c_hash",
		authserver.AlgorithmNone: "alg", authserver.AlgorithmHS256: "alg",
		authserver.UnknownKey: "kid", authserver.ForeignKey: "signature",
		authserver.WrongIssuer: "iss", authserver.WrongAudience: "aud", authserver.WrongParty: "azp",
		authserver.Expired: "exp", authserver.FromTheFuture: "iat",
	} {
		attacks = append(attacks, consentAttack{
			name: "front " + string(kind), fault: authserver.Fault{Kind: kind, Times: 1}, send: posts,
			status: http.StatusBadRequest, kind: page.Wrong, reason: "id_token", check: check,
		})
	}
	return append(attacks, consentAttack{
		name: "front no_id_token", fault: authserver.Fault{Kind: authserver.NoIDToken, Times: 1}, send: posts,
		status: http.StatusBadRequest, kind: page.Wrong, reason: "id_token_missing",
	})
}

// backAttacks are answers to a good code that are of no good themselves: what
// came is given back.
func backAttacks() (attacks []consentAttack) {
	refused := func(kind authserver.Kind, value, check string) {
		attacks = append(attacks, consentAttack{
			name: "back " + string(kind), fault: authserver.Fault{Kind: kind, Times: 1, Value: value}, send: posts,
			status: http.StatusBadRequest, kind: page.Wrong, reason: "exchange_refused", check: check, spent: true,
			kept: kind == authserver.NoRefreshToken,
		})
	}
	for kind, check := range map[authserver.Kind]string{
		authserver.WrongNonce: "nonce", authserver.NoNonce: "nonce", authserver.WrongTokenHash: "at_hash",
		authserver.AlgorithmNone: "alg", authserver.AlgorithmHS256: "alg",
		authserver.UnknownKey: "kid", authserver.ForeignKey: "signature",
		authserver.WrongIssuer: "iss", authserver.WrongAudience: "aud", authserver.WrongParty: "azp",
		authserver.Expired: "exp", authserver.FromTheFuture: "iat", authserver.NoIDToken: "missing",
	} {
		refused(kind, authserver.BackChannel, check)
	}
	refused(authserver.OtherSubject, "", "sub")
	refused(authserver.OtherMerchant, "", "merchant")
	refused(authserver.NoRefreshToken, "", "refresh token")
	return attacks
}

// browserAttacks are responses that the provider did not post, or not to this
// browser's attempt.
func browserAttacks() []consentAttack {
	return []consentAttack{
		{name: "state forged", send: altered("state", "zforged"), status: http.StatusBadRequest, kind: page.Wrong, reason: "state_unknown"},
		{name: "state empty", send: altered("state", ""), status: http.StatusBadRequest, kind: page.Wrong, reason: "state_missing"},
		{name: "no cookie", send: func(_ *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			clear(b.cookies)
			return b.post(form)
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "state_unknown"},
		{name: "another browser's cookie", send: func(t *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			stranger := b.again(b.id)
			stranger.begin(t)
			for name := range b.cookies {
				for _, value := range stranger.cookies {
					b.cookies[name] = value
				}
			}
			return b.post(form)
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "cookie_tampered"},
		{name: "attempt expired", send: func(t *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			b.age(t, 10*time.Minute)
			return b.post(form)
		}, status: http.StatusGone, kind: page.Expired, reason: "attempt_expired"},
		{name: "response of another browser's attempt", send: func(t *testing.T, b *browser, _ url.Values) *httptest.ResponseRecorder {
			return b.post(b.again(b.id).consented(t))
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "state_unknown"},
		{name: "code of another attempt", send: func(t *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			form["code"] = b.again(b.id).consented(t)["code"]
			return b.post(form)
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "id_token", check: "c_hash"},
		{name: "code and id_token of another attempt", send: func(t *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			stranger := b.again(b.id).consented(t)
			form["code"], form["id_token"] = stranger["code"], stranger["id_token"]
			return b.post(form)
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "id_token", check: "nonce"},
		{name: "response of production to an attempt at the sandbox", send: func(t *testing.T, b *browser, _ url.Values) *httptest.ResponseRecorder {
			return b.post(b.approve(t, b.other))
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "id_token", check: "kid"},
		{name: "iss of another server", send: altered("iss", "https://zforged.example"), status: http.StatusBadRequest, kind: page.Wrong, reason: "iss"},
		{name: "code twice", send: func(_ *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			form.Add("code", form.Get("code"))
			return b.post(form)
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "parameter_twice"},
		{name: "id_token dropped", send: altered("id_token", ""), status: http.StatusBadRequest, kind: page.Wrong, reason: "id_token_missing"},
		{name: "one megabyte", send: altered("padding", strings.Repeat("z", 1<<20)), status: http.StatusRequestEntityTooLarge, kind: page.Wrong, reason: "body_too_large"},
		{name: "no form", send: func(_ *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, consentURL+"/consent/callback", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/json")
			return b.do(r)
		}, status: http.StatusUnsupportedMediaType, kind: page.Wrong, reason: "content_type"},
		{name: "GET", send: func(_ *testing.T, b *browser, form url.Values) *httptest.ResponseRecorder {
			return b.get(consentURL + "/consent/callback?" + form.Encode())
		}, status: http.StatusMethodNotAllowed, kind: page.Wrong, reason: "method"},
		{name: "declined", send: func(t *testing.T, b *browser, _ url.Values) *httptest.ResponseRecorder {
			b.begin(t)
			post, err := b.provider.Decline(b.asked)
			if err != nil {
				t.Fatalf("Decline: %v", err)
			}
			return b.post(post.Values)
		}, status: http.StatusOK, kind: page.Declined, reason: "access_denied"},
		{name: "error with a forged state", send: func(_ *testing.T, b *browser, _ url.Values) *httptest.ResponseRecorder {
			return b.post(url.Values{"error": {"access_denied"}, "state": {"zforged"}})
		}, status: http.StatusBadRequest, kind: page.Wrong, reason: "state_unknown"},
	}
}

// forgedKey makes an invite name another version of its key.
func forgedKey(t *testing.T, link, version string) string {
	t.Helper()
	address, text, _ := strings.Cut(link, "=")
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	named := 2 + int(sealed[1]) // after the format and its length (package seal)
	forged := append([]byte{sealed[0], byte(len(version))}, version...)
	return address + "=" + base64.RawURLEncoding.EncodeToString(append(forged, sealed[named:]...))
}

// inviteAttacks never reach the provider.
func inviteAttacks() []consentAttack {
	opens := func(link func(*testing.T, *browser) string) func(*testing.T, *browser, url.Values) *httptest.ResponseRecorder {
		return func(t *testing.T, b *browser, _ url.Values) *httptest.ResponseRecorder {
			t.Helper()
			return b.get(link(t, b))
		}
	}
	return []consentAttack{
		{name: "invite tampered", send: opens(func(t *testing.T, b *browser) string {
			link := b.invite(t, 0)
			return link[:len(link)-8] + "AAAAAAAA"
		}), status: http.StatusBadRequest, kind: page.Expired, reason: "invite_tampered"},
		{name: "invite under a key that nobody has", send: opens(func(t *testing.T, b *browser) string {
			return forgedKey(t, b.invite(t, 0), "11111111-2222-3333-4444-555555555555")
		}), status: http.StatusBadRequest, kind: page.Expired, reason: "invite_key_unknown"},
		{name: "invite under a key that cannot be", send: opens(func(t *testing.T, b *browser) string {
			return forgedKey(t, b.invite(t, 0), "z")
		}), status: http.StatusBadRequest, kind: page.Expired, reason: "invite_key_unknown"},
		{name: "invite expired", send: opens(func(t *testing.T, b *browser) string {
			return b.invite(t, time.Hour)
		}), status: http.StatusGone, kind: page.Expired, reason: "invite_expired"},
		{name: "attempt's cookie for an invite", send: opens(func(_ *testing.T, b *browser) string {
			for _, value := range b.cookies {
				return consentURL + "/consent?invite=" + value
			}
			return ""
		}), status: http.StatusBadRequest, kind: page.Expired, reason: "invite_tampered"},
	}
}
