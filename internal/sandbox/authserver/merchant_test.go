package authserver_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

const (
	merchantVAT  = "DK12345678"
	consentID    = "subscriptions"
	consentPass  = "p+ss/word"
	otherConsent = "reporting"
)

// newConsentServer knows a client that merchants consent to, as change leaves
// it, and another.
func newConsentServer(t *testing.T, config authserver.Config, change func(*authserver.Client)) *authserver.Server {
	t.Helper()
	c := authserver.Client{ID: consentID, Secret: token.NewSecret(consentPass), OmitIDToken: true}
	if change != nil {
		change(&c)
	}
	config.Clients = append(config.Clients, c, authserver.Client{ID: otherConsent, Secret: token.NewSecret(consentPass)})
	server, err := authserver.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return server
}

func mustGrant(t *testing.T, server *authserver.Server) authserver.Consent {
	t.Helper()
	consent, err := server.Grant(consentID, merchantVAT)
	if err != nil {
		t.Fatalf("Grant: %v", err)
	}
	return consent
}

// refreshForm is a good refresh, in the style of the official samples.
func refreshForm(refreshToken string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refreshToken},
		"client_id": {consentID}, "client_secret": {consentPass},
	}
}

func merchantRequest(ctx context.Context, path string, form url.Values) *http.Request {
	return post(ctx, authserver.DefaultURL+path, form.Encode())
}

// tryRefresh returns the status and the answer.
func tryRefresh(t *testing.T, server *authserver.Server, form url.Values) (int, map[string]any) {
	t.Helper()
	response, body := send(t, server, merchantRequest(t.Context(), authserver.MerchantTokenPath, form))
	return response.StatusCode, decode(t, body)
}

// mustRefresh returns the refresh token to use next.
func mustRefresh(t *testing.T, server *authserver.Server, refreshToken string) string {
	t.Helper()
	status, answer := tryRefresh(t, server, refreshForm(refreshToken))
	next, _ := answer["refresh_token"].(string)
	if status != http.StatusOK || next == "" {
		t.Fatalf("refresh: got status %d and error %v, want a refresh token", status, answer["error"])
	}
	return next
}

func wantRefused(t *testing.T, server *authserver.Server, form url.Values, what string) {
	t.Helper()
	if status, answer := tryRefresh(t, server, form); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		t.Errorf("%s: got status %d and error %v, want 400 invalid_grant", what, status, answer["error"])
	}
}

func TestRefreshAnswer(t *testing.T) {
	t.Parallel()
	const now = 1_700_000_000
	server := newConsentServer(t, authserver.Config{Now: at(now)}, func(c *authserver.Client) { c.OmitIDToken = false })
	consent := mustGrant(t, server)
	status, answer := tryRefresh(t, server, refreshForm(consent.RefreshToken.Reveal()))
	if status != http.StatusOK {
		t.Fatalf("status: got %d, want 200", status)
	}
	access, _ := answer["access_token"].(string)
	got := claims(t, access)
	if id, _ := got["merchant_id"].(string); id == "" {
		t.Error("the access token names no merchant_id")
	}
	delete(got, "jti")
	delete(got, "merchant_id")
	want := map[string]any{
		"iss": "https://api.mobilepay.dk/merchant", "aud": "https://api.mobilepay.dk/merchant/resources", "client_id": consentID,
		"merchant_vat": merchantVAT, "nbf": json.Number("1700000000"), "exp": json.Number("1700000300"), "scope": []any{"openid", "offline_access"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims of the access token (-want +got):\n%s", diff)
	}
	idToken, _ := answer["id_token"].(string)
	want = map[string]any{
		"iss": consent.Issuer, "aud": consentID, "sub": consent.Subject,
		"nbf": json.Number("1700000000"), "iat": json.Number("1700000000"), "exp": json.Number("1700000300"),
	}
	if diff := cmp.Diff(want, claims(t, idToken)); diff != "" {
		t.Errorf("claims of the ID token (-want +got):\n%s", diff)
	}
	verifyRS256(t, server.IDTokenKey(), idToken)
	for _, name := range []string{"access_token", "id_token", "refresh_token"} {
		delete(answer, name)
	}
	rest := map[string]any{"expires_in": json.Number("300"), "token_type": "Bearer", "scope": "openid offline_access"}
	if diff := cmp.Diff(rest, answer); diff != "" {
		t.Errorf("the rest of the answer (-want +got):\n%s", diff)
	}
	if issued := server.Issued(); len(issued) != 1 || issued[0].Merchant != merchantVAT || issued[0].Token.Reveal() != access {
		t.Errorf("got %d tokens on record, want the one of the answer", len(issued))
	}
}

func TestRefreshTokensAreOneTimeOrReused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		use     authserver.RefreshUse
		rotates bool
	}{{"", true}, {authserver.OneTime, true}, {authserver.ReUse, false}}
	for _, test := range tests {
		t.Run(string(test.use), func(t *testing.T) {
			t.Parallel()
			server := newConsentServer(t, authserver.Config{}, func(c *authserver.Client) { c.RefreshTokens = test.use })
			first := mustGrant(t, server).RefreshToken.Reveal()
			second := mustRefresh(t, server, first)
			if rotates := second != first; rotates != test.rotates {
				t.Errorf("got a new refresh token: %v, want %v", rotates, test.rotates)
			}
			if live, ok := server.Live(consentID, merchantVAT); !ok || live.Reveal() != second {
				t.Errorf("Live: got another one (%v), want that of the answer", ok)
			}
			if test.rotates {
				wantRefused(t, server, refreshForm(first), "the spent one")
			}
			mustRefresh(t, server, second) // nothing else came of it
			if got := server.Consents()[0]; got.Refreshed != 2 || got.Ended != "" {
				t.Errorf("got %d refreshes, ended %q, want 2 of a standing consent", got.Refreshed, got.Ended)
			}
		})
	}
}

func TestRefreshTokensLiveWhileTheyAreUsed(t *testing.T) {
	t.Parallel()
	for _, use := range []authserver.RefreshUse{authserver.OneTime, authserver.ReUse} {
		t.Run(string(use), func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1_700_000_000, 0)
			server := newConsentServer(t, authserver.Config{Now: func() time.Time { return now }}, func(c *authserver.Client) { c.RefreshTokens = use })
			current := mustGrant(t, server).RefreshToken.Reveal()
			for range 3 {
				now = now.Add(authserver.DefaultConsentLifetime - time.Second)
				current = mustRefresh(t, server, current)
			}
			now = now.Add(authserver.DefaultConsentLifetime)
			if _, ok := server.Live(consentID, merchantVAT); ok {
				t.Error("Live: got one, want none after 13 months without use")
			}
			wantRefused(t, server, refreshForm(current), "13 months later")
			if got := server.Counters().Expired; got != 1 {
				t.Errorf("expired: got %d, want 1", got)
			}
		})
	}
}

func TestReuseEndsTheConsentIfDetected(t *testing.T) {
	t.Parallel()
	for _, detect := range []bool{false, true} {
		server := newConsentServer(t, authserver.Config{}, func(c *authserver.Client) { c.DetectReuse = detect })
		first := mustGrant(t, server).RefreshToken.Reveal()
		second := mustRefresh(t, server, first)
		wantRefused(t, server, refreshForm(first), "the spent one")
		state := server.Consents()[0]
		if ended := state.Ended == authserver.EndedByReuse; ended != detect || state.Stale != 1 || server.Counters().Stale != 1 {
			t.Errorf("detect %v: got ended %q, %d stale", detect, state.Ended, state.Stale)
		}
		if !detect {
			mustRefresh(t, server, second)
			continue
		}
		wantRefused(t, server, refreshForm(second), "the newest of an ended consent")
		if _, ok := server.Live(consentID, merchantVAT); ok {
			t.Error("Live: got one, want none")
		}
	}
}

func TestNewerConsent(t *testing.T) {
	t.Parallel()
	for _, use := range []authserver.RefreshUse{authserver.OneTime, authserver.ReUse} {
		server := newConsentServer(t, authserver.Config{}, func(c *authserver.Client) { c.RefreshTokens = use })
		older, newer := mustGrant(t, server), mustGrant(t, server)
		if older.Subject != newer.Subject || older.CodeVerifier.Equal(newer.CodeVerifier) {
			t.Errorf("%s: the subject differs or the verifier does not", use)
		}
		if use == authserver.OneTime {
			wantRefused(t, server, refreshForm(older.RefreshToken.Reveal()), "the older consent's")
			if got := server.Consents()[0].Ended; got != authserver.EndedByConsent {
				t.Errorf("ended: got %q, want by the newer consent", got)
			}
		} else {
			mustRefresh(t, server, older.RefreshToken.Reveal())
		}
		mustRefresh(t, server, newer.RefreshToken.Reveal())
	}
}

func TestRevokeConsent(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	consent := mustGrant(t, server)
	if err := server.RevokeConsent(consentID, merchantVAT); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, server, refreshForm(consent.RefreshToken.Reveal()), "after the merchant revoked it")
	if got := server.Consents()[0].Ended; got != authserver.EndedByMerchant || server.Counters().Ended != 1 {
		t.Errorf("ended: got %q, want by the merchant", got)
	}
	for name, id := range map[string]string{"again": consentID, "another client": otherConsent} {
		if err := server.RevokeConsent(id, merchantVAT); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	mustRefresh(t, server, mustGrant(t, server).RefreshToken.Reveal())
}

func TestGrantRefuses(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	for name, pair := range map[string][2]string{"unknown client": {"x", merchantVAT}, "no VAT number": {consentID, "SE1"}} {
		if _, err := server.Grant(pair[0], pair[1]); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if got := server.Consents(); len(got) != 0 {
		t.Errorf("consents: got %d, want none", len(got))
	}
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	for name, client := range map[string]authserver.Client{
		"unknown use":               {ID: "x", RefreshTokens: "twice"},
		"access token below 1 s":    {ID: "x", MerchantLifetime: time.Millisecond},
		"negative consent lifetime": {ID: "x", ConsentLifetime: -time.Hour},
	} {
		if err := server.AddClient(client); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestSecretsHoldsTheGrants(t *testing.T) {
	t.Parallel()
	server := newConsentServer(t, authserver.Config{}, nil)
	consent := mustGrant(t, server)
	want := []token.Secret{consent.RefreshToken, consent.CodeVerifier, token.NewSecret(mustRefresh(t, server, consent.RefreshToken.Reveal()))}
	for i, secret := range want {
		found := false
		for _, known := range server.Secrets() {
			found = found || known.Equal(secret)
		}
		if !found {
			t.Errorf("secret %d is missing", i)
		}
	}
}
