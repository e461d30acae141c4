package page

import (
	"regexp"

	"golang.org/x/text/language"
)

// Language is one that the pages are written in: a BCP 47 tag.
type Language string

// The languages of the pages.
const (
	English Language = "en"
	Danish  Language = "da"
	Finnish Language = "fi"
)

// Languages returns all of them, the one for everybody else first.
func Languages() []Language { return []Language{English, Danish, Finnish} }

// vatPattern is a VAT number as MobilePay names merchants, country first.
var vatPattern = regexp.MustCompile(`^(DK|FI)[0-9]{8}$`)

// Negotiate returns the language that the browser asks for (Accept-Language,
// RFC 9110 section 12.5.4), else that of the merchant's country, else English.
// A related language is not taken for one of these: whoever reads Norwegian or
// Estonian may read none of them. The merchant may be unknown: empty.
func Negotiate(acceptLanguage, merchant string) Language {
	asked, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err == nil {
		matcher := language.NewMatcher([]language.Tag{language.English, language.Danish, language.Finnish})
		if _, i, confidence := matcher.Match(asked...); confidence == language.Exact {
			return Languages()[i]
		}
	}
	if country := vatPattern.FindStringSubmatch(merchant); country != nil {
		return map[string]Language{"DK": Danish, "FI": Finnish}[country[1]]
	}
	return English
}
