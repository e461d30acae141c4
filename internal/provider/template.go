package provider

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"token-refresher/internal/token"
)

// placeholderPattern is a field of the credentials between braces; an empty
// name after the last bar makes the placeholder optional.
var placeholderPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*(\|[A-Za-z][A-Za-z0-9_.-]*)*\|?$`)

// Fields of a template that are not among the credentials' further fields.
const (
	fieldClientID     = "client_id"
	fieldClientSecret = "client_secret"
	fieldMerchant     = "merchant"
)

// template is a value with placeholders: `{field}` is filled from the
// credentials, `{a|b}` with the first of them that is present, `{merchant}`
// with the merchant of the token. `{a|}` may stay empty.
type template []part

// part is a literal, or a placeholder if it has fields.
type part struct {
	literal  string
	fields   []string
	optional bool
}

func parseTemplate(text string) (template, error) {
	var parsed template
	for text != "" {
		literal, rest, found := strings.Cut(text, "{")
		if strings.Contains(literal, "}") {
			return nil, errors.New("has a } without a {")
		}
		if literal != "" {
			parsed = append(parsed, part{literal: literal})
		}
		if !found {
			return parsed, nil
		}
		names, after, closed := strings.Cut(rest, "}")
		if !closed || !placeholderPattern.MatchString(names) {
			return nil, errors.New("has a placeholder that is not {field}, {field|other} or {field|}")
		}
		required, optional := strings.CutSuffix(names, "|")
		parsed = append(parsed, part{fields: strings.Split(required, "|"), optional: optional})
		text = after
	}
	return parsed, nil
}

// fill returns the value. A placeholder that cannot be filled and may stay
// empty (it is optional, or the token is bound to no merchant) leaves the whole
// value out: ok is false. Any other one is reported by the fields it wants.
func (t template) fill(c token.Credentials, merchant string) (value token.Secret, ok bool, err error) {
	var text strings.Builder
	ok = true
	for _, part := range t {
		text.WriteString(part.literal)
		if len(part.fields) == 0 {
			continue
		}
		filled := part.lookUp(c, merchant)
		text.WriteString(filled)
		switch {
		case filled != "":
		case part.mayStayEmpty():
			ok = false
		default:
			return token.Secret{}, false, errors.New("needs the field " + strings.Join(part.fields, " or ") + ", which the credentials lack")
		}
	}
	if !ok {
		return token.Secret{}, false, nil
	}
	return token.NewSecret(text.String()), true, nil
}

func (p part) lookUp(c token.Credentials, merchant string) string {
	for _, name := range p.fields {
		if value := lookUp(c, merchant, name); value != "" {
			return value
		}
	}
	return ""
}

func lookUp(c token.Credentials, merchant, name string) string {
	switch name {
	case fieldClientID:
		return c.ClientID
	case fieldClientSecret:
		return c.ClientSecret.Reveal()
	case fieldMerchant:
		return merchant
	default:
		return c.Fields[name].Reveal()
	}
}

// mayStayEmpty is asked when nothing fills the placeholder. One that names the
// merchant is then being filled for a token that is bound to none.
func (p part) mayStayEmpty() bool { return p.optional || p.names(fieldMerchant) }

func (p part) names(field string) bool { return slices.Contains(p.fields, field) }

// names reports whether any placeholder can be filled with the field.
func (t template) names(field string) bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.names(field) })
}
