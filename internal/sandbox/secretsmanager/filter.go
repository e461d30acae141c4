package secretsmanager

import (
	"slices"
	"strings"
	"unicode"

	"token-refresher/internal/sandbox/awsjson"
)

const (
	maxFilters      = 10
	maxFilterValues = 10
)

// A filter passes a secret if any of its values matches one of the attributes
// that Key names. A value that begins with "!" matches where the rest does not.
type filter struct {
	Key    string
	Values []string
}

func validFilters(filters []filter) error {
	if len(filters) > maxFilters {
		return invalid("Value at 'filters' failed to satisfy constraint: Member must have length less than or equal to %d", maxFilters)
	}
	for i, f := range filters {
		if !slices.Contains([]string{"description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"}, f.Key) {
			return invalid("Value '%s' at 'filters.%d.member.key' failed to satisfy constraint: Member must satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]", f.Key, i+1)
		}
		if len(f.Values) == 0 {
			return awsjson.Refuse(typeInvalidParameter, "Invalid filter values for key: %s", f.Key)
		}
		if len(f.Values) > maxFilterValues {
			return invalid("Value at 'filters.%d.member.values' failed to satisfy constraint: Member must have length less than or equal to %d", i+1, maxFilterValues)
		}
	}
	return nil
}

func matchesAll(filters []filter, r *record) bool {
	return !slices.ContainsFunc(filters, func(f filter) bool { return !f.matches(r) })
}

func (f filter) matches(r *record) bool {
	return slices.ContainsFunc(f.Values, func(want string) bool {
		want, negated := strings.CutPrefix(want, "!")
		return f.matchesValue(r, want) != negated
	})
}

// matchesValue compares as the API reference says: by prefix, descriptions and
// "all" in any case. Nothing here has a primary Region or an owning service.
func (f filter) matchesValue(r *record, want string) bool {
	switch f.Key {
	case "name":
		return strings.HasPrefix(r.Name, want)
	case "description":
		return strings.HasPrefix(strings.ToLower(r.Description), strings.ToLower(want))
	case "tag-key":
		return slices.ContainsFunc(r.Tags, func(t tag) bool { return strings.HasPrefix(t.Key, want) })
	case "tag-value":
		return slices.ContainsFunc(r.Tags, func(t tag) bool { return strings.HasPrefix(t.Value, want) })
	case "all":
		return r.hasWords(strings.ToLower(want))
	default:
		return false
	}
}

// hasWords reports whether every word of the text begins a word of some
// attribute.
func (r *record) hasWords(text string) bool {
	attributes := []string{r.Name, r.Description}
	for _, t := range r.Tags {
		attributes = append(attributes, t.Key, t.Value)
	}
	have := words(strings.ToLower(strings.Join(attributes, " ")))
	return !slices.ContainsFunc(words(text), func(want string) bool {
		return !slices.ContainsFunc(have, func(word string) bool { return strings.HasPrefix(word, want) })
	})
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}
