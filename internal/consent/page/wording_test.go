package page_test

import (
	"regexp"
	"strings"
	"testing"

	"token-refresher/internal/consent/page"
)

// said is what a page says of its own: heading and paragraphs, without what
// every page says around a reference.
func said(t *testing.T, kind page.Kind, language page.Language) []string {
	t.Helper()
	d := render(t, page.View{Kind: kind, Language: language})
	texts := []string{d.only(t, "h1").text()}
	for _, p := range d.named("p") {
		texts = append(texts, p.text())
	}
	return texts
}

// Every page has a heading, what happened and what to do next, in every
// language, and no text stands where another one was meant to.
func TestEveryTextIsThereOnce(t *testing.T) {
	t.Parallel()
	where := map[string]string{}
	for _, language := range page.Languages() {
		for _, kind := range page.Kinds() {
			name := string(kind) + " " + string(language)
			texts := said(t, kind, language)
			if len(texts) != 3 {
				t.Errorf("%s: got %d texts, want heading, what happened, and what to do", name, len(texts))
			}
			for i, text := range texts {
				if text == "" || text != strings.TrimSpace(text) || strings.Contains(text, "  ") || strings.Contains(text, "%") {
					t.Errorf("%s: text %d is %q, want words", name, i, text)
				}
				if other, twice := where[text]; twice {
					t.Errorf("%s says the same as %s: %q", name, other, text)
				}
				where[text] = name
				if sentence := strings.HasSuffix(text, "."); sentence == (i == 0) {
					t.Errorf("%s: %q: want a full stop at the end of a sentence, none at that of a heading", name, text)
				}
			}
		}
	}
}

// Whoever cannot go on is told whom to ask.
func TestPagesSayWhomToAsk(t *testing.T) {
	t.Parallel()
	company := map[page.Language]string{page.English: "the company", page.Danish: "virksomheden", page.Finnish: "yrity"}
	for _, kind := range []page.Kind{page.Closed, page.Declined, page.Expired, page.Wrong, page.TryAgain, page.NotFound} {
		for language, word := range company {
			if text := strings.Join(said(t, kind, language), " "); !strings.Contains(text, word) {
				t.Errorf("%s %s: got %q, want %q in it", kind, language, text, word)
			}
		}
	}
}

// A merchant is no developer, and which provider it is is the operator's choice.
func TestPagesSpeakPlainly(t *testing.T) {
	t.Parallel()
	jargon := regexp.MustCompile(`(?i)token|oauth|error|server|cookie|browser|url|callback|session|invalid|mobilepay|vipps`)
	for _, language := range page.Languages() {
		for _, kind := range page.Kinds() {
			for _, text := range said(t, kind, language) {
				if word := jargon.FindString(text); word != "" {
					t.Errorf("%s %s says %q in %q", kind, language, word, text)
				}
			}
		}
	}
}

func TestLanguagesDifferAroundTheReference(t *testing.T) {
	t.Parallel()
	where := map[string]page.Language{}
	for _, language := range page.Languages() {
		d := render(t, page.View{Kind: page.Wrong, Language: language, Reference: "X", ReturnTo: "https://shop.example"})
		footer := d.only(t, "footer").text()
		for _, text := range []string{footer, d.only(t, "a").text()} {
			if other, twice := where[text]; twice {
				t.Errorf("%s says the same as %s: %q", language, other, text)
			}
			where[text] = language
		}
	}
}
