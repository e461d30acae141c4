package provider

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"token-refresher/internal/token"
)

// vatPattern is what a merchant is called unless the provider says otherwise:
// the VAT numbers of MobilePay.
const vatPattern = `^(DK|FI)[0-9]{8}$`

// inline is the name of a provider that has none.
const inline = "inline"

// Parse reads the field "provider" of credentials, as raw JSON: the name of a
// preset, or an inline object of the same form as a preset. Every URL in it
// must be on an allowed host. All faults are reported at once, by field; an
// error shows no value but host names, and patterns of merchants.
func Parse(raw []byte, allowed Hosts) (Provider, error) {
	var name string
	if json.Unmarshal(raw, &name) != nil {
		return parseObject(inline, raw, allowed)
	}
	preset, ok := presets()[name]
	if !ok {
		return Provider{}, fmt.Errorf("provider is not the name of a preset: known are %s", strings.Join(Presets(), ", "))
	}
	return parseObject(name, preset, allowed)
}

func parseObject(name string, raw []byte, allowed Hosts) (Provider, error) {
	o, err := newObject(raw)
	if err != nil {
		return Provider{}, err
	}
	p := Provider{Name: name, hosts: o.hosts(allowed)}
	o.readEndpoints(&p)
	o.readRequest(&p)
	o.readConsent(&p)
	o.unknown()
	if err := o.err(); err != nil {
		return Provider{}, err
	}
	return p, nil
}

// hosts narrows the allowed hosts to the provider's own, if it names any.
func (o *object) hosts(allowed Hosts) Hosts {
	var names []string
	if !o.read("hosts", "a list of strings", &names) {
		return allowed
	}
	own, err := NewHosts(names)
	if err != nil {
		o.add("hosts", "is wrong: "+err.Error())
		return allowed
	}
	for _, name := range own.names {
		if !allowed.Allows(name) {
			o.add("hosts", "names "+printableHost(name)+" that PROVIDER_HOSTS does not: it may only narrow them")
		}
	}
	return own
}

func (o *object) readEndpoints(p *Provider) {
	grantTypes := []string{string(token.GrantTypeClientCredentials), string(token.GrantTypeAuthorizationCode)}
	p.GrantType = token.GrantType(o.choice("grant_type", "", grantTypes...))
	if p.GrantType == "" {
		o.add("grant_type", "is missing: give one of "+strings.Join(grantTypes, ", "))
	}
	p.Issuer = o.text("issuer")
	p.DiscoveryURL = o.url(*p, "discovery_url")
	p.TokenEndpoint = o.url(*p, string(TokenEndpoint))
	p.AuthorizationEndpoint = o.url(*p, string(AuthorizationEndpoint))
	p.JWKSURI = o.url(*p, string(JWKSURI))
	p.RevocationEndpoint = o.url(*p, string(RevocationEndpoint))
	if p.DiscoveryURL != "" && p.Issuer == "" {
		o.add("issuer", "is missing: a discovered document is checked against it")
	}
	if p.DiscoveryURL != "" {
		return
	}
	if p.TokenEndpoint == "" {
		o.add(string(TokenEndpoint), "is missing, and there is no discovery_url")
	}
	if p.GrantType == token.GrantTypeAuthorizationCode && p.AuthorizationEndpoint == "" {
		o.add(string(AuthorizationEndpoint), "is missing, and there is no discovery_url")
	}
}

func (o *object) url(p Provider, field string) string {
	raw := o.text(field)
	if raw == "" {
		return ""
	}
	if err := p.CheckURL(raw); err != nil {
		o.add(field, err.Error())
	}
	return raw
}

func (o *object) readRequest(p *Provider) {
	p.TokenRequest = TokenRequest(o.choice("token_request", string(RequestForm), string(RequestForm), string(RequestHeaders)))
	p.AuthMethod = o.authMethod(p.TokenRequest)
	p.headers = o.headers()
	p.MerchantParameter = o.merchantParameter()
	p.MerchantPattern = o.pattern()
	p.Scopes = o.list("scopes")
	p.TokenParameters = o.parameters("token_parameters", p.MerchantParameter)
	p.DefaultExpiresIn = o.duration("default_expires_in", DefaultExpiresIn, MaxExpiresIn)
	p.RequestsPerSecond = o.rate("requests_per_second")
	p.Timeout = o.duration("timeout", DefaultTimeout, MaxTimeout)
	checkScopes(&o.faults, p.Scopes)
	if p.TokenRequest == RequestHeaders {
		o.checkEmptyBody(*p)
	}
}

// authMethod is client_secret_basic by default, as in OpenID Connect Core
// section 9; a request that has its credentials in headers has none.
func (o *object) authMethod(request TokenRequest) AuthMethod {
	fallback := AuthBasic
	if request == RequestHeaders {
		fallback = AuthNone
	}
	method := AuthMethod(o.choice("token_endpoint_auth_method", string(fallback),
		string(AuthBasic), string(AuthPost), string(AuthNone)))
	if request == RequestHeaders && method != AuthNone {
		o.add("token_endpoint_auth_method", "must be none or absent when token_request is headers")
	}
	return method
}

// checkEmptyBody refuses what a request without a body could not carry.
func (o *object) checkEmptyBody(p Provider) {
	const problem = "cannot be sent when token_request is headers: the body is empty"
	if p.MerchantParameter != "" {
		o.add("merchant_parameter", problem)
	}
	if len(p.TokenParameters) > 0 {
		o.add("token_parameters", problem)
	}
	if len(p.Scopes) > 0 {
		o.add("scopes", problem)
	}
	if p.GrantType == token.GrantTypeAuthorizationCode {
		o.add("token_request", "must be form for authorization_code: a code is sent in the body")
	}
}

// What pattern puts around merchant_pattern.
const anchored, anchoredEnd = "^(?:", ")$"

// unanchored is the pattern as it was written.
func unanchored(pattern *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(pattern.String(), anchored), anchoredEnd)
}

// pattern compiles merchant_pattern so that it always has to match a whole
// name.
func (o *object) pattern() *regexp.Regexp {
	pattern := vatPattern
	o.read("merchant_pattern", "a string", &pattern)
	compiled, err := regexp.Compile(anchored + pattern + anchoredEnd)
	if err != nil {
		o.add("merchant_pattern", "is not a regular expression (RE2 syntax)")
	}
	return compiled
}

// ownParameter reports whether a request sets the parameter itself. A further
// one of that name would be sent twice, or instead of ours.
func ownParameter(name string) bool {
	switch name {
	case "client_id", "client_secret", "code", "code_challenge", "code_challenge_method", "code_verifier", "grant_type",
		"nonce", "redirect_uri", "refresh_token", "response_mode", "response_type", "scope", "state":
		return true
	}
	return false
}

const ownProblem = "names a parameter that the request sets itself"

func (o *object) merchantParameter() string {
	name := o.text("merchant_parameter")
	if ownParameter(name) {
		o.add("merchant_parameter", ownProblem)
	}
	return name
}

// parameters reads further parameters of a request.
func (o *object) parameters(field, merchantParameter string) map[string]string {
	table := o.table(field)
	for name := range table {
		if name == "" || name == merchantParameter || ownParameter(name) {
			o.add(field, ownProblem+", or has no name")
		}
	}
	return table
}

// readConsent reads what only the authorization code flow uses.
func (o *object) readConsent(p *Provider) {
	p.AuthorizeParameters = o.parameters("authorize_parameters", p.MerchantParameter)
	p.ResponseType, p.ResponseMode = o.text("response_type"), o.text("response_mode")
	p.CodeVerifierOnRefresh = o.flag("code_verifier_on_refresh", true)
	if p.GrantType != token.GrantTypeAuthorizationCode {
		return
	}
	if p.ResponseType == "" {
		p.ResponseType = "code id_token"
	}
	if p.ResponseMode == "" {
		p.ResponseMode = "form_post"
	}
	if strings.Contains(p.ResponseType, "id_token") && p.Issuer == "" {
		o.add("issuer", "is missing: ID tokens are checked against it")
	}
}
