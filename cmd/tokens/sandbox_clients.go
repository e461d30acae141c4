package main

import (
	"encoding/json"
	"maps"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// The clients that the sandbox begins with: an integrator, and two that the
// same merchants have consented to.
const (
	integratorClient = "pos"
	shortClient      = "subscriptions" // whose access tokens are too short-lived for secrets
	longClient       = "reporting"     // whose access tokens are published
)

// merchants are those of every client.
func merchants() []string { return []string{"DK12345678", "FI12345678"} }

// newMerchant is one that has consented to no client.
const newMerchant = "DK87654321"

// seeded is one client of the sandbox.
type seeded struct {
	name      string
	title     string // that merchants read where they consent to it
	grantType token.GrantType
	lifetime  time.Duration  // of merchants' access tokens, before the pace
	more      map[string]any // further fields of its credentials
}

func seededClients() []seeded {
	return []seeded{
		{
			name: integratorClient, grantType: token.GrantTypeClientCredentials,
			more: map[string]any{"merchants": merchants()},
		},
		{
			name: shortClient, title: "Sandbox Subscriptions", grantType: token.GrantTypeAuthorizationCode, lifetime: authserver.DefaultMerchantLifetime,
			more: map[string]any{"refresh": token.RefreshAlways}, // so that there is something to see
		},
		{
			name: longClient, title: "Sandbox Reporting", grantType: token.GrantTypeAuthorizationCode, lifetime: 30 * time.Minute,
			more: map[string]any{"publish": token.PublishSecret},
		},
	}
}

// secret is the name of the client's credentials.
func (c seeded) secret() string { return secretPrefix + "/" + c.name + "/credentials" }

// grantIDs are the grants that it begins with.
func (c seeded) grantIDs() (ids []token.ID) {
	if c.grantType != token.GrantTypeAuthorizationCode {
		return nil
	}
	for _, merchant := range merchants() {
		ids = append(ids, token.ID{Client: c.name, Merchant: merchant})
	}
	return ids
}

// registered is the client as the provider knows it, but for where merchants are
// sent back to.
func (c seeded) registered(r registration, lifetime func(time.Duration) time.Duration) authserver.Client {
	client := authserver.Client{ID: r.ClientID, Secret: r.Secret, Name: c.title, RefreshTokens: authserver.OneTime}
	if c.lifetime > 0 {
		client.MerchantLifetime = lifetime(c.lifetime)
	}
	return client
}

// credentials is the value of the credentials secret.
func (c seeded) credentials(r registration, providerURL string) string {
	return c.credentialsFor(r, c.provider(providerURL))
}

// earlierCredentials is the value that a sandbox wrote which knew grants but no
// consents.
func (c seeded) earlierCredentials(r registration, providerURL string) string {
	provider := c.provider(providerURL)
	for _, field := range []string{"scopes", "response_type", "response_mode"} {
		delete(provider, field)
	}
	return c.credentialsFor(r, provider)
}

func (c seeded) credentialsFor(r registration, provider map[string]any) string {
	fields := map[string]any{
		"provider":      provider,
		"client_id":     r.ClientID,
		"client_secret": r.Secret.Reveal(),
	}
	maps.Copy(fields, c.more)
	value, _ := json.MarshalIndent(fields, "", "  ") // strings and lists of them: it cannot fail
	return string(value)
}

// provider is the provider object, as the presets have it, at another address.
func (c seeded) provider(providerURL string) map[string]any {
	if c.grantType == token.GrantTypeClientCredentials {
		return map[string]any{
			"grant_type":                 c.grantType,
			"issuer":                     providerURL + "/integrator-authentication",
			"token_endpoint":             providerURL + authserver.TokenPath,
			"token_endpoint_auth_method": "client_secret_basic",
			"headers":                    map[string]string{"X-IBM-Client-Id": "{client_id}"},
			"merchant_parameter":         "merchant_vat",
			"merchant_pattern":           "^(DK|FI)[0-9]{8}$",
		}
	}
	return map[string]any{
		"grant_type":                 c.grantType,
		"issuer":                     authserver.MerchantIssuer,
		"token_endpoint":             providerURL + authserver.MerchantTokenPath,
		"authorization_endpoint":     providerURL + authserver.AuthorizePath,
		"jwks_uri":                   providerURL + authserver.JWKSPath,
		"revocation_endpoint":        providerURL + authserver.RevocationPath,
		"token_endpoint_auth_method": "client_secret_post",
		"scopes":                     []string{"openid", "offline_access"},
		"response_type":              "code id_token",
		"response_mode":              "form_post",
		"merchant_parameter":         "merchant_vat",
		"merchant_pattern":           "^(DK|FI)[0-9]{8}$",
		"code_verifier_on_refresh":   true,
	}
}
