package page_test

import (
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/consent/page"
)

func TestNegotiate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header, merchant string
		want                   page.Language
	}{
		{name: "nothing known", want: page.English},
		{name: "asked for", header: "da", merchant: "FI12345678", want: page.Danish},
		{name: "asked for with a region", header: "fi-FI,fi;q=0.9,en;q=0.8", merchant: "DK12345678", want: page.Finnish},
		{name: "English of somewhere", header: "en-GB,en;q=0.9", merchant: "DK12345678", want: page.English},
		{name: "first of several", header: "en-US,en;q=0.9,da;q=0.8", merchant: "DK12345678", want: page.English},
		{name: "by weight, not by order", header: "da;q=0.2,fi;q=0.9", want: page.Finnish},
		{name: "not wanted", header: "da;q=0", merchant: "FI12345678", want: page.Finnish},
		{name: "behind one that is not there", header: "sv-FI,sv;q=0.9,fi;q=0.8,en;q=0.5", merchant: "DK12345678", want: page.Finnish},
		{name: "none of ours, Danish merchant", header: "de", merchant: "DK12345678", want: page.Danish},
		{name: "none of ours, Finnish merchant", header: "sv", merchant: "FI12345678", want: page.Finnish},
		{name: "none of ours, nobody's merchant", header: "de", want: page.English},
		{name: "related only", header: "nb", want: page.English},
		{name: "related only, and a country", header: "et", merchant: "DK12345678", want: page.Danish},
		{name: "anything", header: "*", merchant: "DK12345678", want: page.Danish},
		{name: "no header", merchant: "FI12345678", want: page.Finnish},
		{name: "merchant that begins like a country", merchant: "FINE-SHOES", want: page.English},
		{name: "merchant of elsewhere", merchant: "SE12345678", want: page.English},
		{name: "not a header", header: ";;q=,\x00", merchant: "DK12345678", want: page.Danish},
		{name: "endless header", header: strings.Repeat("x-", 1<<16), merchant: "FI12345678", want: page.Finnish},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := page.Negotiate(test.header, test.merchant); got != test.want {
				t.Errorf("Negotiate(%.40q, %q): got %s, want %s", test.header, test.merchant, got, test.want)
			}
		})
	}
}

// FuzzNegotiate looks for a header that leaves a merchant without a language.
func FuzzNegotiate(f *testing.F) {
	f.Add("da-DK,da;q=0.9,en;q=0.8", "DK12345678")
	f.Add("*;q=0.5, zh-Hant-TW-u-rg-dkzzzz", "")
	f.Add(";q=2", "x")
	f.Fuzz(func(t *testing.T, header, merchant string) {
		if got := page.Negotiate(header, merchant); !slices.Contains(page.Languages(), got) {
			t.Errorf("Negotiate(%q, %q): got %q", header, merchant, got)
		}
	})
}
