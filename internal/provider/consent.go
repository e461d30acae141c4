package provider

import (
	"slices"
	"strings"

	"token-refresher/internal/token"
)

// CheckConsent reports why a merchant cannot give consent to this provider's
// client in the browser, or nil. What is built is the hybrid flow with an ID
// token in front (OpenID Connect Core section 3.3) that comes as a form post;
// grants of other flows can be imported and refreshed all the same.
func (p Provider) CheckConsent() error {
	var faults faults
	if p.GrantType != token.GrantTypeAuthorizationCode {
		faults.add("grant_type", "is not authorization_code: there is nothing to consent to")
		return faults.err()
	}
	types := strings.Fields(p.ResponseType)
	slices.Sort(types)
	if !slices.Equal(types, []string{"code", "id_token"}) {
		faults.add("response_type", `must be "code id_token"`)
	}
	if p.ResponseMode != "form_post" {
		faults.add("response_mode", "must be form_post")
	}
	if p.Issuer == "" {
		faults.add("issuer", "is missing: ID tokens are checked against it")
	}
	if p.JWKSURI == "" && p.DiscoveryURL == "" {
		faults.add(string(JWKSURI), "is missing, and there is no discovery_url")
	}
	if !p.namesMerchant() {
		faults.add("merchant_parameter", "is missing: the provider would not know which merchant is meant")
	}
	return faults.err()
}
