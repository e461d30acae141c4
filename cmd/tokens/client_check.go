package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// proveTimeout is what asking the provider may take.
const proveTimeout = 30 * time.Second

// checkProvider reads the provider of credentials and says all that is wrong
// with them. It makes no call.
//
// Which hosts a stack sends credentials to, it says itself (PROVIDER_HOSTS).
// Where that is not known here, those that the operator names are taken, and the
// operator is told.
func checkProvider(c token.Credentials, config app.Config, con console) (provider.Provider, error) {
	hosts := config.ProviderHosts
	named, _ := con.lookup("PROVIDER_HOSTS")
	if further := furtherHosts(c, hosts); named == "" && len(further) > 0 {
		widened, err := provider.NewHosts(append(hosts.Names(), further...))
		if err == nil { // else the parser says what is wrong with the URLs
			hosts = widened
			con.note("PROVIDER_HOSTS of the stack has to name %s", strings.Join(further, ", "))
		}
	}
	p, err := provider.Parse([]byte(c.Provider.Reveal()), hosts)
	if err != nil {
		return p, err
	}
	if err := p.Check(c); err != nil {
		return p, fmt.Errorf("the provider could not be asked with this: %w", err)
	}
	return p, nil
}

// furtherHosts are the hosts of an inline provider that are not among those
// known.
func furtherHosts(c token.Credentials, known provider.Hosts) (further []string) {
	var endpoints map[string]any
	if json.Unmarshal([]byte(c.Provider.Reveal()), &endpoints) != nil {
		return nil
	}
	seen := map[string]bool{}
	for _, field := range []string{"discovery_url", "token_endpoint", "authorization_endpoint", "jwks_uri", "revocation_endpoint"} {
		text, _ := endpoints[field].(string)
		address, err := url.Parse(text)
		if err != nil || address.Hostname() == "" {
			continue
		}
		if host := strings.ToLower(address.Hostname()); !known.Allows(host) && !seen[host] {
			seen[host] = true
			further = append(further, host)
		}
	}
	return further
}

// proveClient asks the provider what can be asked before merchants consent, and
// says what came of it.
func proveClient(ctx context.Context, p provider.Provider, c token.Credentials, config app.Config) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, proveTimeout)
	defer cancel()
	if p.GrantType == token.GrantTypeAuthorizationCode {
		return proveEndpoints(ctx, p, c)
	}
	client, err := oauth.New(oauth.Config{})
	if err != nil {
		return "", err
	}
	id := c.IDs()[0] // the provider's check demands one
	answer, err := client.ClientCredentials(ctx, p, c, id.Merchant)
	if err != nil {
		return "", fmt.Errorf("ask for the token %s: %w", id, err)
	}
	schedule := token.Schedule{SweepInterval: config.SweepInterval, WriteInterval: config.SecretWriteInterval}
	where := "long enough for a secret"
	if !schedule.Publishable(answer.ExpiresIn) {
		where = "too short for a secret: services get it from the access-token function"
	}
	return fmt.Sprintf("checked: the provider gave the token %s, which lives %s, %s", id, short(answer.ExpiresIn), where), nil
}

// proveEndpoints finds what a consent needs. Whether the provider takes the
// secret shows with the first consent: without one there is nothing to ask for.
func proveEndpoints(ctx context.Context, p provider.Provider, c token.Credentials) (string, error) {
	discoverer, err := provider.NewDiscoverer(provider.DiscovererConfig{Transport: oauth.NewTransport()})
	if err != nil {
		return "", err
	}
	needed := []provider.Endpoint{provider.TokenEndpoint, provider.AuthorizationEndpoint}
	if strings.Contains(p.ResponseType, "id_token") {
		needed = append(needed, provider.JWKSURI)
	}
	if _, err := discoverer.Resolve(ctx, p, c, needed...); err != nil {
		return "", err
	}
	return "checked: the provider's endpoints are known; whether it takes the secret shows with the first consent", nil
}
