package statuspage

import (
	"fmt"
	"strings"
)

// Verdict answers whether everything is fresh.
type Verdict struct {
	Tone   Tone   `json:"tone"`
	Title  string `json:"title"`
	Detail string `json:"detail"` // what to look at, most urgent first
}

// Tone is how urgent something is.
type Tone string

// The tones.
const (
	ToneGood Tone = "good"
	ToneWarn Tone = "warn"
	ToneBad  Tone = "bad"
)

// concerns are the states that nobody can use a token in, most urgent first, as
// they are counted.
func concerns() []struct {
	state State
	words string
} {
	return []struct {
		state State
		words string
	}{
		{StateConsentRequired, "waiting for the merchant's consent"},
		{StateExpired, "expired"},
		{StateUnreadable, "unreadable"},
		{StateMissing, "not there yet"},
		{StateParked, "parked"},
	}
}

// Verdict judges the view. A token that was removed by command is not counted.
func (v View) Verdict() Verdict {
	counts := map[State]int{}
	var promised, bad, failing, refused int
	for _, t := range v.Tokens {
		switch t.trouble() {
		case gone:
			continue
		case lost:
			bad++
			counts[t.State]++
		case shaky:
			failing++
		}
		promised++
	}
	for _, c := range v.Clients {
		if c.Problem != "" {
			refused++
		}
	}
	var details []string
	add := func(n int, words string) {
		if n > 0 {
			details = append(details, fmt.Sprintf("%d %s", n, words))
		}
	}
	for _, concern := range concerns() {
		add(counts[concern.state], concern.words)
	}
	add(refused, plural(refused, "client that cannot be used", "clients that cannot be used"))
	add(failing, "usable, but not renewed at the last try")
	verdict := Verdict{Tone: ToneGood, Title: "Everything is fresh", Detail: strings.Join(details, ", ")}
	switch {
	case bad > 0:
		verdict.Tone = ToneBad
		verdict.Title = fmt.Sprintf("%d of %d %s", bad, promised, plural(promised, "token cannot be used", "tokens cannot be used"))
	case refused > 0:
		verdict.Tone, verdict.Title = ToneBad, "Not everything is fresh"
	case promised == 0:
		verdict.Tone, verdict.Title = ToneWarn, "No token is promised yet"
	case failing > 0:
		verdict.Tone, verdict.Title = ToneWarn, "Every token is usable, but not all is well"
	}
	return verdict
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
