package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"plain", "Blåbærgrød, Hyvää päivää: 5 %", "Blåbærgrød, Hyvää päivää: 5 %"},
		{"escapes", "a\x1b[31mb", `a\x1b[31mb`},
		{"eight-bit escapes", "a\u009b31m", `a\u009b31m`},
		{"controls", "a\r\n\t\b\a\x7f\x00", `a\r\n\t\b\a\x7f\x00`},
		{"direction", "DK\u202e21\u2066", `DK\u202e21\u2066`},
		{"letters from right to left", "\u05d0", `\u05d0`},
		{"invisible", "a\u200b\ufeff\u00ad\U000e0041", `a\u200b\ufeff\u00ad\U000e0041`},
		{"joined", "e\u0301", `e\u0301`},
		{"wide", "\u6f22\uff21", `\u6f22\uff21`},
		{"lines", "\u2028\u2029", `\u2028\u2029`},
		{"no UTF-8", "a\xff\xc3", `a\xff\xc3`},
		{"a quote is itself", `'"\`, `'"\`},
		{"long", strings.Repeat("x", maxShown+1), strings.Repeat("x", maxShown) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := printable(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestPrintableJSON(t *testing.T) {
	t.Parallel()
	text := strings.ToValidUTF8(evil, "?") + "\U0001f600"
	line, err := printableJSON(map[string]string{"problem": text})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range line[:len(line)-1] {
		if b < ' ' || b > '~' {
			t.Fatalf("the line holds byte %#x", b)
		}
	}
	var again map[string]string
	if err := json.Unmarshal(line, &again); err != nil || again["problem"] != text {
		t.Errorf("read back %q (%v), want %q", again["problem"], err, text)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add(evil)
	f.Add("pos/DK12345678")
	f.Fuzz(func(t *testing.T, text string) {
		shown := printable(text)
		if err := harmless(shown); err != nil || strings.Contains(shown, "\n") || utf8.RuneCountInString(shown) > maxShown+1 {
			t.Errorf("printable(%q) = %q: %v", text, shown, err)
		}
		line, err := printableJSON(text)
		if err != nil || harmless(string(line[:len(line)-1])) != nil && len(text) < maxShown {
			t.Errorf("printableJSON(%q) = %q: %v", text, line, err)
		}
	})
}
