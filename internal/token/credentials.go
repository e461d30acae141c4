package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// GrantType is the OAuth 2.0 grant that a client's tokens come from.
type GrantType string

// The grant types of the system (RFC 6749 sections 4.4 and 4.1).
const (
	GrantTypeClientCredentials GrantType = "client_credentials"
	GrantTypeAuthorizationCode GrantType = "authorization_code"
)

// Publish says where consumers find a client's access tokens.
type Publish string

// The values of Publish. The zero value publishes every token that lives long
// enough (Schedule.Publishable).
const (
	PublishSecret   Publish = "secret"   // in its secret, or it is a fault
	PublishFunction Publish = "function" // from the access-token function only
)

// RefreshPolicy says when tokens that are too short-lived to be published are
// renewed.
type RefreshPolicy string

// The values of RefreshPolicy.
const (
	RefreshUsed   RefreshPolicy = "used"   // while somebody asks for them; the default
	RefreshAlways RefreshPolicy = "always" // whether somebody asks or not
)

// Credentials are what an integrator was given by a provider, as an operator
// wrote them into `{prefix}/{client}/credentials`.
type Credentials struct {
	Client       string
	Provider     Secret            // raw JSON: the name of a preset, or an inline object
	ClientID     string            // client_id (RFC 6749 section 2.2)
	ClientSecret Secret            // empty for token_endpoint_auth_method none
	Fields       map[string]Secret // further string fields, for the provider's headers
	Scopes       []string          // instead of the provider's own, if not empty
	Merchants    []string          // client credentials: merchants to get bound tokens for
	Unbound      bool              // client credentials: also one token bound to no merchant
	Publish      Publish
	Refresh      RefreshPolicy
}

// String names the client and nothing else.
func (c Credentials) String() string { return "credentials of " + c.Client }

// Format implements fmt.Formatter: see String.
func (c Credentials) Format(state fmt.State, _ rune) { _, _ = fmt.Fprint(state, c.String()) }

// LogValue implements slog.LogValuer: see String.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Use is how the client's access tokens are published and renewed.
func (c Credentials) Use() Use { return Use{Publish: c.Publish, Refresh: c.Refresh} }

// IDs lists the tokens that client credentials ask for: the unbound one first,
// then the merchants' in the order given.
func (c Credentials) IDs() []ID {
	var ids []ID
	if c.Unbound {
		ids = append(ids, ID{Client: c.Client})
	}
	for _, merchant := range c.Merchants {
		ids = append(ids, ID{Client: c.Client, Merchant: merchant})
	}
	return ids
}

// ParseCredentials reads the value of a credentials secret. All faults are
// reported at once, by field; an error shows no value.
func ParseCredentials(client string, value []byte) (Credentials, error) {
	fields, err := objectFields(value)
	if err != nil {
		return Credentials{}, err
	}
	p := credentialsParser{fields: fields}
	c := Credentials{
		Client:       client,
		Provider:     p.provider(),
		ClientID:     p.text("client_id"),
		ClientSecret: p.clientSecret(),
		Scopes:       p.scopes(),
		Merchants:    p.merchants(),
		Unbound:      p.unbound(),
		Publish:      Publish(p.choice("publish", string(PublishSecret), string(PublishFunction))),
		Refresh:      RefreshPolicy(p.choice("refresh", string(RefreshUsed), string(RefreshAlways))),
	}
	if c.Refresh == "" {
		c.Refresh = RefreshUsed
	}
	if c.ClientID == "" {
		p.fault("client_id", "is missing")
	}
	c.Fields = p.rest()
	if len(p.faults) > 0 {
		return Credentials{}, errors.New(strings.Join(p.faults, "; "))
	}
	return c, nil
}

// objectFields splits a JSON object. encoding/json's own errors may quote the
// input, so only the position is told.
func objectFields(value []byte) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(value, &fields)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, fmt.Errorf("not valid JSON (at byte %d)", syntax.Offset)
	}
	if err != nil || fields == nil {
		return nil, errors.New("not a JSON object")
	}
	return fields, nil
}

// credentialsParser takes fields out of the object one by one and collects what
// is wrong with them.
type credentialsParser struct {
	fields map[string]json.RawMessage
	faults []string
}

func (p *credentialsParser) fault(field, problem string) {
	p.faults = append(p.faults, field+" "+problem)
}

func (p *credentialsParser) take(field string) (json.RawMessage, bool) {
	raw, ok := p.fields[field]
	delete(p.fields, field)
	return raw, ok && string(raw) != "null"
}

func (p *credentialsParser) text(field string) string {
	raw, ok := p.take(field)
	if !ok {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		p.fault(field, "is not a string")
	}
	return text
}

func (p *credentialsParser) clientSecret() Secret {
	secret := NewSecret(p.text("client_secret"))
	if !secret.Empty() && !secret.Storable() {
		p.fault("client_secret", "is the placeholder that redacted secrets print as")
	}
	return secret
}

func (p *credentialsParser) provider() Secret {
	raw, ok := p.take("provider")
	switch {
	case !ok || string(raw) == `""`:
		p.fault("provider", "is missing: name a preset or give an object")
	case raw[0] != '"' && raw[0] != '{':
		p.fault("provider", "is neither the name of a preset nor an object")
	}
	return NewSecret(string(raw))
}

func (p *credentialsParser) choice(field string, allowed ...string) string {
	text := p.text(field)
	if text != "" && !slices.Contains(allowed, text) {
		p.fault(field, "must be one of "+strings.Join(allowed, ", "))
	}
	return text
}

func (p *credentialsParser) unbound() bool {
	raw, ok := p.take("unbound")
	if !ok {
		return true
	}
	var unbound bool
	if json.Unmarshal(raw, &unbound) != nil {
		p.fault("unbound", "is neither true nor false")
	}
	return unbound
}

// scopes may be a list, or one space-separated string as in RFC 6749
// section 3.3.
func (p *credentialsParser) scopes() []string {
	if raw, ok := p.fields["scopes"]; ok && len(raw) > 0 && raw[0] == '"' {
		return strings.Fields(p.text("scopes"))
	}
	return p.list("scopes")
}

func (p *credentialsParser) merchants() []string {
	merchants := p.list("merchants")
	for i, merchant := range merchants {
		if err := checkMerchant(merchant); err != nil {
			p.fault(fmt.Sprintf("merchants[%d]", i), "cannot stand in a secret's name: "+err.Error())
		}
		if slices.Contains(merchants[:i], merchant) {
			p.fault(fmt.Sprintf("merchants[%d]", i), "is listed twice")
		}
	}
	return merchants
}

func (p *credentialsParser) list(field string) []string {
	raw, ok := p.take(field)
	if !ok {
		return nil
	}
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		p.fault(field, "is not a list of strings")
	}
	return list
}

// rest are the string fields nobody took; a number, such as a merchant serial
// number, counts as its text. Others are ignored, as readers of every secret
// ignore fields they do not know.
func (p *credentialsParser) rest() map[string]Secret {
	rest := map[string]Secret{}
	for name, raw := range p.fields {
		var text string
		var number json.Number
		if json.Unmarshal(raw, &text) == nil && text != "" {
			rest[name] = NewSecret(text)
		} else if json.Unmarshal(raw, &number) == nil && number != "" {
			rest[name] = NewSecret(number.String())
		}
	}
	return rest
}
