package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/oauth"
	"token-refresher/internal/refresh"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// merchantServer runs the emulator with client shop-1, and returns it with the
// JSON of a provider that leads to it.
func merchantServer(t *testing.T) (server *authserver.Server, provider string) {
	t.Helper()
	server, err := authserver.New(authserver.Config{
		Clients: []authserver.Client{{ID: "shop-1", Secret: token.NewSecret(clientSecret), DemandVerifier: true}},
	})
	if err != nil {
		t.Fatalf("authserver: %v", err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return server, fmt.Sprintf(`{"grant_type":"authorization_code","issuer":%q,"token_endpoint":%q,`+
		`"authorization_endpoint":%q,"token_endpoint_auth_method":"client_secret_post","code_verifier_on_refresh":true}`,
		authserver.MerchantIssuer, listener.URL+authserver.MerchantTokenPath, listener.URL+"/authorize")
}

// startGrants starts a function that sweeps grants.
func startGrants(t *testing.T, output io.Writer) *app.App {
	t.Helper()
	awsEnvironment(t, "eu-west-1")
	a, err := start(t, lookup(map[string]string{
		"GRANT_TYPE": "authorization_code", "JOURNAL_TABLE": "journal", "PROVIDER_HOSTS": "127.0.0.1",
	}), output)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	return a
}

// shopCredentials are those of client shop.
func shopCredentials(t *testing.T, clientID, provider, more string) token.Credentials {
	t.Helper()
	value := fmt.Sprintf(`{"provider":%s,"client_id":%q,"client_secret":%q%s}`, provider, clientID, clientSecret, more)
	parsed, err := token.ParseCredentials("shop", []byte(value))
	if err != nil {
		t.Fatalf("ParseCredentials: %v", err)
	}
	return parsed
}

// granted is a grant as a consent leaves it, and the way to refresh it.
func granted(t *testing.T, a *app.App, server *authserver.Server, provider string) (token.Grant, refresh.GrantEndpoint) {
	t.Helper()
	given, err := server.Grant("shop-1", "DK12345678")
	if err != nil {
		t.Fatalf("Grant: %v", err)
	}
	endpoint, err := app.DialGrants(a, shopCredentials(t, "shop-1", provider, ""))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	return token.Grant{
		ID: token.ID{Client: "shop", Merchant: "DK12345678"}, RefreshToken: given.RefreshToken, CodeVerifier: given.CodeVerifier,
		Scope: given.Scope, Subject: given.Subject, Issuer: given.Issuer, ConsentedAt: given.At,
	}.Stamped(4), endpoint
}

func TestGrantEndpointRefreshes(t *testing.T) {
	var output bytes.Buffer
	a := startGrants(t, &output)
	server, provider := merchantServer(t)
	grant, endpoint := granted(t, a, server, provider)
	got, err := endpoint.Refresh(t.Context(), grant)
	if err != nil {
		t.Fatalf("Refresh: %v", err)
	}
	live, _ := server.Live("shop-1", "DK12345678")
	if !got.Grant.RefreshToken.Equal(live) || live.Equal(grant.RefreshToken) {
		t.Error("the refresh token is not the one that came")
	}
	if !got.Grant.CodeVerifier.Equal(grant.CodeVerifier) || got.Grant.Subject != grant.Subject || !got.Grant.ConsentedAt.Equal(grant.ConsentedAt) {
		t.Error("what belongs to the consent was not kept")
	}
	issued := server.Issued()
	if len(issued) != 1 || !got.Access.Value.Equal(issued[0].Token) || got.Access.ID != grant.ID || got.Access.Lifetime() != 300*time.Second {
		t.Errorf("access token of %s lives %s, want the one that was issued", got.Access.ID, got.Access.Lifetime())
	}
	if got.Suspect || output.Len() > 0 {
		t.Errorf("suspect %v, output %q; want neither", got.Suspect, output.String())
	}
}

// An answer for somebody else is kept, since its refresh token may be the only
// live one, and marked.
func TestGrantEndpointMarksSomebodyElse(t *testing.T) {
	var output bytes.Buffer
	a := startGrants(t, &output)
	server, provider := merchantServer(t)
	grant, endpoint := granted(t, a, server, provider)
	if err := server.SetFault(authserver.Fault{Kind: authserver.OtherSubject, Times: 1}); err != nil {
		t.Fatalf("SetFault: %v", err)
	}
	got, err := endpoint.Refresh(t.Context(), grant)
	live, _ := server.Live("shop-1", "DK12345678")
	if err != nil || !got.Suspect || !got.Grant.RefreshToken.Equal(live) {
		t.Errorf("Refresh: suspect %v, the live refresh token %v (%v); want both", got.Suspect, got.Grant.RefreshToken.Equal(live), err)
	}
	if log := output.String(); !strings.Contains(log, `"claim":"sub"`) || !strings.Contains(log, "shop/DK12345678") {
		t.Errorf("log: got %q, want the claim and the token's id", log)
	}
}

func TestGrantEndpointPassesTheClassOn(t *testing.T) {
	a := startGrants(t, io.Discard)
	server, provider := merchantServer(t)
	grant, endpoint := granted(t, a, server, provider)
	if err := server.RevokeConsent("shop-1", "DK12345678"); err != nil {
		t.Fatal(err)
	}
	_, err := endpoint.Refresh(t.Context(), grant)
	if refusal, ok := errors.AsType[*oauth.Error](err); !ok || refusal.Class != oauth.ClassGrant {
		t.Errorf("Refresh: got %v, want an *oauth.Error of class grant", err)
	}
}

func TestLatchIsOfTokenClientAndEndpoint(t *testing.T) {
	a := startGrants(t, io.Discard)
	_, provider := merchantServer(t)
	_, moved := merchantServer(t)
	one, other := token.NewSecret("rt-1"), token.NewSecret("rt-2")
	dial := func(clientID, provider, more string) refresh.GrantEndpoint {
		endpoint, err := app.DialGrants(a, shopCredentials(t, clientID, provider, more))
		if err != nil {
			t.Fatalf("dial: %v", err)
		}
		return endpoint
	}
	latch := dial("shop-1", provider, "").Latch(one)
	if dial("shop-1", provider, `,"publish":"function"`).Latch(one) != latch {
		t.Error("the latch depends on what has nothing to do with a refusal")
	}
	for name, got := range map[string]token.Fingerprint{
		"another refresh token": dial("shop-1", provider, "").Latch(other),
		"another client id":     dial("shop-2", provider, "").Latch(one),
		"another endpoint":      dial("shop-1", moved, "").Latch(one),
	} {
		if got == latch {
			t.Errorf("%s has the same latch", name)
		}
	}
}

// What a client's credentials say of publishing holds, and of what was never
// read nothing is published.
func TestUseIsTheCredentials(t *testing.T) {
	a := startGrants(t, io.Discard)
	_, provider := merchantServer(t)
	if got := app.UseOf(a, "shop"); got.Publish != token.PublishFunction {
		t.Errorf("before: got %+v, want nothing published", got)
	}
	if _, err := app.DialGrants(a, shopCredentials(t, "shop-1", provider, `,"publish":"secret","refresh":"always"`)); err != nil {
		t.Fatal(err)
	}
	want := token.Use{Publish: token.PublishSecret, Refresh: token.RefreshAlways}
	if got := app.UseOf(a, "shop"); got != want {
		t.Errorf("after: got %+v, want %+v", got, want)
	}
	if _, err := app.DialGrants(a, shopCredentials(t, "shop-1", `"vipps-test"`, `,"publish":"function"`)); err == nil {
		t.Error("credentials of the other grant type: got no error")
	}
	if got := app.UseOf(a, "shop"); got.Publish != token.PublishFunction {
		t.Errorf("with a provider that cannot be used: got %+v, want the wish all the same", got)
	}
}

func TestStartBuildsASweepOfGrants(t *testing.T) {
	var output bytes.Buffer
	a := startGrants(t, &output)
	if _, err := a.Sweep(); err != nil {
		t.Errorf("Sweep: %v", err)
	}
	if _, err := a.Operator(); err != nil {
		t.Errorf("Operator: %v", err)
	}
	if output.Len() > 0 {
		t.Errorf("output: got %q, want none", output.String())
	}
}

func TestGrantsNeedAJournal(t *testing.T) {
	awsEnvironment(t, "eu-west-1")
	faults := faultsOf(t, lookup(map[string]string{"GRANT_TYPE": "authorization_code"}))
	if len(faults) != 1 || faults["JOURNAL_TABLE"] != "is not set" {
		t.Errorf("faults: got %q, want JOURNAL_TABLE", faults)
	}
	faults = faultsOf(t, lookup(map[string]string{"GRANT_TYPE": "authorization_code", "JOURNAL_TABLE": "no table"}))
	if len(faults) != 1 || !strings.Contains(faults["JOURNAL_TABLE"], "name of a table") {
		t.Errorf("faults: got %q, want JOURNAL_TABLE", faults)
	}
	a, err := start(t, lookup(nil), io.Discard)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	if _, err := a.Operator(); err == nil {
		t.Error("an operator without a journal: got no error")
	}
}
