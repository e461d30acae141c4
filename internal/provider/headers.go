package provider

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"token-refresher/internal/token"
)

var (
	headerNamePattern  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$") // RFC 9110 section 5.1
	headerValuePattern = regexp.MustCompile(`^[\t\x20-\x7e]*$`)                   // RFC 9110 section 5.5, without obs-text
)

// reservedHeader names headers that the request sets itself, that are for one
// connection only, or that would make net/http repeat or decode differently.
var reservedHeader = regexp.MustCompile(`(?i)^(authorization|host|content-.*|transfer-encoding|connection|keep-alive|` +
	`proxy-.*|te|trailer|upgrade|expect|cookie|accept-encoding|(x-)?idempotency-key)$`)

// header is one header of a request, in canonical spelling.
type header struct {
	name  string
	value template
}

// headers reads the field "headers".
func (o *object) headers() []header {
	var headers []header
	table := o.table("headers")
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !headerNamePattern.MatchString(name) {
			o.add("headers", "has a name that no header can have")
			continue
		}
		field, canonical := "headers."+name, http.CanonicalHeaderKey(name)
		value, err := parseTemplate(table[name])
		switch {
		case reservedHeader.MatchString(name):
			o.add(field, "is reserved: the request or the connection sets it")
		case slices.ContainsFunc(headers, func(h header) bool { return h.name == canonical }):
			o.add(field, "is there twice, in another spelling")
		case err != nil:
			o.add(field, err.Error())
		case !headerValuePattern.MatchString(table[name]):
			o.add(field, "has a character that a header cannot carry")
		}
		headers = append(headers, header{name: canonical, value: value})
	}
	return headers
}

// Headers fills the provider's headers for one token of the credentials'
// client; merchant is empty for a token bound to none. A header that cannot be
// filled and need not be is left out. All faults are reported at once, by
// header; an error shows no value.
func (p Provider) Headers(c token.Credentials, merchant string) (map[string]token.Secret, error) {
	var faults faults
	filled := map[string]token.Secret{}
	for _, header := range p.headers {
		value, ok, err := header.fill(c, merchant)
		if err != nil {
			faults.add("headers."+header.name, err.Error())
		}
		if ok {
			filled[header.name] = value
		}
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	return filled, nil
}

func (h header) fill(c token.Credentials, merchant string) (token.Secret, bool, error) {
	value, ok, err := h.value.fill(c, merchant)
	if err == nil && !headerValuePattern.MatchString(value.Reveal()) {
		return token.Secret{}, false, errors.New("is filled with a character that a header cannot carry, such as a line break")
	}
	return value, ok, err
}

// discoveryHeaders are those that a discovery request carries: none that holds
// the client's secret, names a merchant or cannot be filled.
func (p Provider) discoveryHeaders(c token.Credentials) map[string]token.Secret {
	filled := map[string]token.Secret{}
	for _, header := range p.headers {
		if header.value.names(fieldClientSecret) || header.value.names(fieldMerchant) {
			continue
		}
		if value, ok, err := header.fill(c, ""); ok && err == nil {
			filled[header.name] = value
		}
	}
	return filled
}

// namesMerchant reports whether a token request can say which merchant it is
// for.
func (p Provider) namesMerchant() bool {
	return p.MerchantParameter != "" ||
		slices.ContainsFunc(p.headers, func(h header) bool { return h.value.names(fieldMerchant) })
}

// scopePattern is a scope-token (RFC 6749 section 3.3).
var scopePattern = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]+$`)

func checkScopes(faults *faults, scopes []string) {
	for i, scope := range scopes {
		if !scopePattern.MatchString(scope) {
			faults.add(fmt.Sprintf("scopes[%d]", i), "is not a scope: it is empty, or has a space, quote or backslash in it")
		}
	}
}
