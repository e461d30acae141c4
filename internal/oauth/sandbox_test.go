package oauth_test

import (
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// TestRefreshAgainstTheSandbox meets the sandbox's server with every fault that
// it has: an answer holds the token that the server accepts next, and where there
// is none, Delivery says what may have happened.
func TestRefreshAgainstTheSandbox(t *testing.T) {
	t.Parallel()
	type kind = authserver.Kind
	tests := []struct {
		kind
		value    string
		delivery oauth.Delivery // empty: an answer
		rotated  bool           // unseen
	}{
		{kind: ""},
		{kind: authserver.TextPlain},
		{kind: authserver.HugeToken},
		{kind: authserver.OtherSubject},
		{kind: authserver.ExpiresIn},
		{kind: authserver.ExpiresIn, value: "NaN"},
		{kind: authserver.ExpiresIn, value: `"300"`},
		{kind: authserver.ExpiresIn, value: "-1"},
		{kind: authserver.Late, value: "9s"},
		{kind: authserver.Late, delivery: oauth.TimedOut, rotated: true},
		{kind: authserver.Hang, delivery: oauth.TimedOut},
		{kind: authserver.HangAfter, delivery: oauth.TimedOut, rotated: true},
		{kind: authserver.SlowDrip, delivery: oauth.TimedOut, rotated: true},
		{kind: authserver.ResetBefore, delivery: oauth.Broken},
		{kind: authserver.ResetAfter, delivery: oauth.Broken, rotated: true},
		{kind: authserver.HTML500, delivery: oauth.Answered},
		{kind: authserver.HTML500After, delivery: oauth.Answered, rotated: true},
		{kind: authserver.Unavailable, delivery: oauth.Answered},
		{kind: authserver.Throttle, value: "7", delivery: oauth.Answered},
		{kind: authserver.Gateway401, delivery: oauth.Answered},
		{kind: authserver.ErrorIn200, delivery: oauth.Answered},
		{kind: authserver.Redirect, delivery: oauth.Answered},
		{kind: authserver.HugeBody, delivery: oauth.Answered, rotated: true}, // behind 10 MB of padding
	}
	for _, test := range tests {
		t.Run(string(test.kind)+" "+test.value, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				idp, first := sandbox(t, authserver.Fault{Kind: test.kind, Value: test.value})
				p := parse(t, consented(`"token_endpoint_auth_method":"client_secret_post"`))
				p.TokenEndpoint = "http://127.0.0.1" + authserver.MerchantTokenPath
				g := grant(func(g *token.Grant) { g.RefreshToken, g.CodeVerifier = first.RefreshToken, first.CodeVerifier })
				got, err := newClient(t, authserver.Transport(idp)).Refresh(t.Context(), p, credentials(nil), g)
				time.Sleep(time.Minute) // whatever is still on its way
				live, _ := idp.Live("client+id:1", "DK12345678")
				if test.delivery == "" {
					if err != nil || !got.RefreshToken.Equal(live) || got.AccessToken.Empty() {
						t.Errorf("got error %v, the live token: %v; want both tokens", err, got.RefreshToken.Equal(live))
					}
					return
				}
				if found := classified(t, err); found.Delivery() != test.delivery {
					t.Errorf("got %s (%v), want %s", found.Delivery(), err, test.delivery)
				}
				if rotated := !live.Equal(first.RefreshToken); rotated != test.rotated {
					t.Errorf("rotated: got %v, want %v", rotated, test.rotated)
				}
				if calls := idp.Calls()["client+id:1"]; calls != 1 {
					t.Errorf("got %d requests, want exactly 1", calls)
				}
			})
		})
	}
}

// sandbox is a server with one consent, and a fault for the next request.
func sandbox(t *testing.T, fault authserver.Fault) (*authserver.Server, authserver.Consent) {
	t.Helper()
	idp, err := authserver.New(authserver.Config{Clients: []authserver.Client{{
		ID: "client+id:1", Secret: token.NewSecret(clientSecret), DemandVerifier: true,
		OmitIDToken: fault.Kind != "" && fault.Kind != authserver.OtherSubject, // keys take a while to make
	}}})
	if err != nil {
		t.Fatal(err)
	}
	consent, err := idp.Grant("client+id:1", "DK12345678")
	if err != nil {
		t.Fatal(err)
	}
	if fault.Kind == "" {
		return idp, consent
	}
	fault.Times = 1
	if err := idp.SetFault(fault); err != nil {
		t.Fatal(err)
	}
	return idp, consent
}

func TestRevokeAgainstTheSandbox(t *testing.T) {
	t.Parallel()
	idp, consent := sandbox(t, authserver.Fault{})
	p := parse(t, consented(""))
	p.RevocationEndpoint = "http://127.0.0.1" + authserver.RevocationPath
	for range 2 { // again is no error
		if err := newClient(t, authserver.Transport(idp)).Revoke(t.Context(), p, credentials(nil), consent.RefreshToken); err != nil {
			t.Fatal(err)
		}
	}
	if _, live := idp.Live("client+id:1", "DK12345678"); live || idp.Consents()[0].Ended != authserver.EndedByClient {
		t.Errorf("ended: got %q, want by the client", idp.Consents()[0].Ended)
	}
}
