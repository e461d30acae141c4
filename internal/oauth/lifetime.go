package oauth

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"token-refresher/internal/provider"
)

// numberPattern is a decimal number. strconv alone would also take "inf", hex
// and underscores.
var numberPattern = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?$`)

// lifetime reads expires_in, in whole seconds: a number or a number in a
// string, capped at 30 days. What does not say how long the token lives counts
// as the provider's default, and never as "for ever".
func lifetime(raw json.RawMessage, fallback time.Duration, odd func(string)) int64 {
	if !present(raw) {
		odd(oddLifetimeMissing)
		return wholeSeconds(fallback)
	}
	number := strings.TrimSpace(string(raw))
	if value, isText := text(raw); isText {
		number = strings.TrimSpace(value)
	}
	if !numberPattern.MatchString(number) {
		odd(oddLifetimeUnread)
		return wholeSeconds(fallback)
	}
	seconds, _ := strconv.ParseFloat(number, 64) // out of range is infinite, and capped
	switch {
	case seconds < 1:
		odd(oddLifetimeNegative)
		return wholeSeconds(fallback)
	case seconds > provider.MaxExpiresIn.Seconds():
		odd(oddLifetimeCapped)
		return wholeSeconds(provider.MaxExpiresIn)
	}
	return int64(seconds)
}

func wholeSeconds(d time.Duration) int64 { return max(int64(d/time.Second), 1) }
