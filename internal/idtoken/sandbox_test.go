package idtoken_test

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"testing/synctest"

	"token-refresher/internal/idtoken"
	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

const redirectURI = "https://tokens.example/consent/callback"

var codeVerifier = token.NewSecret("0396f08effbfdc95e803fd2d855bf8743f9f03097b6aaf6864eaa4081ed3e172")

// consent is one merchant's way through the sandbox's server, which somebody else
// wrote.
type consent struct {
	server   *authserver.Server
	oauth    *oauth.Client
	verifier *idtoken.Verifier
	provider provider.Provider
	client   token.Credentials
}

func newConsent(t *testing.T) consent {
	t.Helper()
	server, err := authserver.New(authserver.Config{Clients: []authserver.Client{{
		ID: clientID, Secret: token.NewSecret("5ecret"), RedirectURIs: []string{redirectURI}, DemandVerifier: true,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	endpoints, err := oauth.New(oauth.Config{Transport: authserver.Transport(server)})
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := idtoken.New(idtoken.Config{Discoverer: endpoints.Discoverer()})
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := provider.NewHosts([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := provider.Parse([]byte(`{"grant_type":"authorization_code","issuer":"https://api.mobilepay.dk/merchant","merchant_parameter":"merchant_vat",
		"discovery_url":"`+authserver.DefaultURL+authserver.MerchantDiscoveryPath+`","token_endpoint_auth_method":"client_secret_post"}`), allowed)
	if err != nil {
		t.Fatal(err)
	}
	return consent{server: server, oauth: endpoints, verifier: verifier, provider: p, client: client("subscriptions")}
}

// front is what the merchant's browser brings back.
func (c consent) front(t *testing.T) (token.Secret, idtoken.Subject, error) {
	t.Helper()
	challenge := sha256.Sum256([]byte(codeVerifier.Reveal()))
	address, err := c.oauth.AuthorizationURL(t.Context(), c.provider, c.client, oauth.Authorization{
		Merchant: "DK12345678", RedirectURI: redirectURI, State: "state-0123456789", Nonce: nonce,
		Challenge: base64.RawURLEncoding.EncodeToString(challenge[:]),
	})
	if err != nil {
		t.Fatal(err)
	}
	post, err := c.server.Approve(address)
	if err != nil || post.Values.Get("code") == "" {
		t.Fatalf("approve: got error %v and %q, want a code", err, post.Values.Get("error"))
	}
	code := token.NewSecret(post.Values.Get("code"))
	subject, err := c.verifier.Front(t.Context(), c.provider, c.client, idtoken.Front{
		IDToken: token.NewSecret(post.Values.Get("id_token")), Code: code, Nonce: nonce,
	})
	return code, subject, err
}

// back exchanges the code.
func (c consent) back(t *testing.T, code token.Secret, front idtoken.Subject) error {
	t.Helper()
	answer, err := c.oauth.AuthorizationCode(t.Context(), c.provider, c.client, oauth.Code{
		Value: code, Verifier: codeVerifier, RedirectURI: redirectURI, Merchant: "DK12345678",
	})
	if err != nil || answer.RefreshToken.Empty() {
		t.Fatalf("exchange: got error %v, want tokens", err)
	}
	subject, err := c.verifier.Back(c.provider, c.client, idtoken.Back{
		IDToken: answer.IDToken, AccessToken: answer.AccessToken, Nonce: nonce, Front: front,
	})
	if err == nil && subject != front {
		t.Errorf("got %v, want %v as in front", subject, front)
	}
	return err
}

// TestSandboxFlaws has the sandbox's server spoil each of its tokens in each way.
func TestSandboxFlaws(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind        authserver.Kind
		front, back string // the checks; empty: accepted
	}{
		{"", "", ""},
		{authserver.WrongNonce, "nonce", "nonce"},
		{authserver.NoNonce, "nonce", "nonce"},
		{authserver.WrongCodeHash, "c_hash", ""},
		{authserver.NoCodeHash, "c_hash", ""},
		{authserver.WrongTokenHash, "", "at_hash"},
		{authserver.AlgorithmNone, "alg", "alg"},
		{authserver.AlgorithmHS256, "alg", "alg"},
		{authserver.UnknownKey, "kid", "kid"},
		{authserver.ForeignKey, "signature", "signature"},
		{authserver.WrongIssuer, "iss", "iss"},
		{authserver.WrongAudience, "aud", "aud"},
		{authserver.WrongParty, "azp", "azp"},
		{authserver.Expired, "exp", "exp"},
		{authserver.FromTheFuture, "iat", "iat"},
		{authserver.NoIDToken, "missing", "missing"},
	}
	for _, test := range tests {
		t.Run("front "+string(test.kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newConsent(t)
				c.fault(t, authserver.Fault{Kind: test.kind, Times: 1})
				_, subject, err := c.front(t)
				wantFlaw(t, subject, err, test.front)
			})
		})
		t.Run("back "+string(test.kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newConsent(t)
				code, subject, err := c.front(t)
				wantFlaw(t, subject, err, "")
				c.fault(t, authserver.Fault{Kind: test.kind, Value: authserver.BackChannel, Times: 1})
				err = c.back(t, code, subject)
				if err != nil {
					subject = idtoken.Subject{}
				}
				wantFlaw(t, subject, err, test.back)
			})
		})
	}
}

func (c consent) fault(t *testing.T, fault authserver.Fault) {
	t.Helper()
	if fault.Kind == "" {
		return
	}
	if err := c.server.SetFault(fault); err != nil {
		t.Fatal(err)
	}
}

// wantFlaw is wantCheck for whoever the sandbox says the merchant is.
func wantFlaw(t *testing.T, got idtoken.Subject, err error, check string) {
	t.Helper()
	if err == nil && got.Issuer == "https://api.mobilepay.dk/merchant" && got.Subject != "" {
		got = idtoken.Subject{Issuer: issuer, Subject: merchant}
	}
	wantCheck(t, got, err, check)
}

// Keys are at hand from when the merchant is sent to the provider, and a rotation
// since then is noticed.
func TestSandboxRotatesItsKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newConsent(t)
		if err := c.verifier.Ready(t.Context(), c.provider, c.client); err != nil {
			t.Fatal(err)
		}
		if err := c.server.RotateKeys(); err != nil {
			t.Fatal(err)
		}
		code, subject, err := c.front(t)
		wantFlaw(t, subject, err, "")
		if err := c.back(t, code, subject); err != nil {
			t.Errorf("the second token: got %v", err)
		}
	})
}
