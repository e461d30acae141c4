package page_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestColoursCanBeRead holds the contrast of WCAG 2.2 level AA in both colour
// schemes: 4.5 for text (1.4.3), 3 for the marks (1.4.11).
func TestColoursCanBeRead(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("there is no dark scheme")
	}
	dark, _, _ = strings.Cut(dark, "\n}\n")
	pairs := []struct {
		front, back string
		least       float64
	}{
		{"text", "card", 4.5}, {"soft", "card", 4.5}, {"link-text", "link", 4.5},
		{"good", "card", 3}, {"wait", "card", 3}, {"bad", "card", 3}, {"calm", "card", 3}, {"link", "card", 3},
	}
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		colours := colours(t, text)
		for _, pair := range pairs {
			front, back := luminance(t, colours[pair.front]), luminance(t, colours[pair.back])
			if got := (max(front, back) + 0.05) / (min(front, back) + 0.05); got < pair.least {
				t.Errorf("%s: %s on %s has contrast %.2f, want at least %.1f", scheme, pair.front, pair.back, got, pair.least)
			}
		}
	}
}

// colours are the custom properties of a piece of CSS.
func colours(t *testing.T, css string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, match := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6});`).FindAllStringSubmatch(css, -1) {
		found[match[1]] = match[2]
	}
	return found
}

// luminance is the relative luminance of a colour in hex (WCAG 2.2).
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) == 3 {
		colour = strings.Repeat(colour[:1], 2) + strings.Repeat(colour[1:2], 2) + strings.Repeat(colour[2:], 2)
	}
	if len(colour) != 6 {
		t.Fatalf("no such colour: %q", colour)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		channel, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatalf("colour %q: %v", colour, err)
		}
		c := float64(channel) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
