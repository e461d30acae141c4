package stack_test

import (
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// The clients that every rig begins with, as those of the sandbox: an
// integrator, and two that the same merchant has consented to.
const (
	integratorClient = "pos"
	shortClient      = "subscriptions" // whose access tokens are too short-lived for secrets
	longClient       = "reporting"     // whose access tokens are published
	merchant         = "DK12345678"
)

// shortMerchants have consented to shortClient.
func shortMerchants() []string { return []string{merchant, "DK00000003", "DK00000004"} }

// clientSecret is every client's.
const clientSecret = "client-secret-of-the-rig"

// seed registers the clients at the provider and puts their credentials and
// grants in place.
func (r *rig) seed(t *testing.T) {
	t.Helper()
	r.register(t, authserver.Client{ID: integratorClient})
	r.register(t, authserver.Client{ID: shortClient, MerchantLifetime: 5 * time.Minute})
	r.register(t, authserver.Client{ID: longClient, MerchantLifetime: 30 * time.Minute})
	r.credentials(t, integratorClient, integrator, map[string]any{"merchants": []string{merchant}})
	r.credentials(t, shortClient, consented, nil)
	r.credentials(t, longClient, consented, nil)
	for _, merchant := range shortMerchants() {
		r.consent(t, shortClient, merchant)
	}
	r.consent(t, longClient, merchant)
	r.consent(t, longClient, "FI12345678")
}

// register makes a client known to the provider.
func (r *rig) register(t *testing.T, client authserver.Client) {
	t.Helper()
	client.Secret = token.NewSecret(clientSecret)
	client.RefreshTokens = authserver.OneTime
	client.RedirectURIs = []string{publicURL + "/consent/callback"}
	if err := r.provider.AddClient(client); err != nil {
		t.Fatalf("AddClient: %v", err)
	}
}

// credentials puts a client's credentials in place.
func (r *rig) credentials(t *testing.T, client, grantType string, more map[string]any) {
	t.Helper()
	fields := map[string]any{"client_id": client, "client_secret": clientSecret, "provider": r.providerObject(grantType)}
	maps.Copy(fields, more)
	r.create(t, "mobilepay/"+client+"/credentials", encode(t, fields), map[string]string{
		"client": client, "kind": "credentials", "grant-type": grantType,
	})
}

// providerObject is as the presets have it, at the rig's address.
func (r *rig) providerObject(grantType string) map[string]any {
	object := map[string]any{
		"grant_type": grantType, "token_endpoint": r.origin + authserver.TokenPath,
		"merchant_parameter": "merchant_vat", "headers": map[string]string{"x-ibm-client-id": "{client_id}"},
	}
	if grantType == consented {
		maps.Copy(object, map[string]any{
			"issuer": authserver.MerchantIssuer, "token_endpoint": r.origin + authserver.MerchantTokenPath,
			"authorization_endpoint": r.origin + authserver.AuthorizePath, "jwks_uri": r.origin + authserver.JWKSPath,
			"revocation_endpoint":        r.origin + authserver.RevocationPath,
			"token_endpoint_auth_method": "client_secret_post", "code_verifier_on_refresh": true,
			"response_type": "code id_token", "response_mode": "form_post", "headers": map[string]string{},
		})
	}
	return object
}

// consent lets a merchant consent and puts the grant in place, as an import does.
func (r *rig) consent(t *testing.T, client, merchant string) {
	t.Helper()
	given, err := r.provider.Grant(client, merchant)
	if err != nil {
		t.Fatalf("Grant: %v", err)
	}
	r.create(t, "mobilepay/"+client+"/"+merchant+"/grant", encode(t, map[string]any{
		"refresh_token": given.RefreshToken.Reveal(), "code_verifier": given.CodeVerifier.Reveal(), "scope": given.Scope,
		"subject": given.Subject, "issuer": given.Issuer, "consented_at": given.At.UTC().Truncate(time.Second),
	}), map[string]string{"client": client, "kind": "grant", "grant-type": consented})
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func secretTag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
