package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxShown is how much of one text is shown, in columns.
	maxShown = 1000
	// maxShownLines is how many lines of an error are shown.
	maxShownLines = 50
)

// printable is the only way in which a text of somebody else reaches a terminal:
// an argument, or what a function, a store or a file says. It is one line, each
// character of it takes one column, and none of them moves the cursor, changes
// colours, turns the direction of writing or joins the one before. Everything
// else is written as Go escapes it. What is too long is cut.
func printable(text string) string {
	var shown strings.Builder
	columns := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		next := text[:size]
		switch {
		case r == utf8.RuneError && size == 1:
			next = fmt.Sprintf(`\x%02x`, text[0])
		case !plain(r):
			next = strings.Trim(strconv.QuoteRuneToASCII(r), "'")
		}
		if columns += utf8.RuneCountInString(next); columns > maxShown {
			return shown.String() + "…"
		}
		shown.WriteString(next)
		text = text[size:]
	}
	return shown.String()
}

// plain reports whether a character stands for itself: ASCII, Latin letters and
// the marks of European texts. Letters of other scripts may be two columns wide
// or be written from right to left.
func plain(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r >= ' ' && r != 0x7f
	case r < 0x2000:
		return unicode.Is(unicode.Latin, r) || strings.ContainsRune("«»·°§", r)
	default:
		return strings.ContainsRune("–—‘’“”„…€", r)
	}
}

// printableLines is printable for texts of several lines, such as joined errors.
func printableLines(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if more := len(lines) - maxShownLines; more > 0 {
		lines = append(lines[:maxShownLines], fmt.Sprintf("and %d more lines", more))
	}
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// printableJSON is a value as one line of JSON in ASCII: programs read the same
// value, and a terminal that it ends up on stays as it is.
func printableJSON(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	var ascii bytes.Buffer
	for _, r := range string(text) { // json.Marshal leaves no byte that is not UTF-8
		switch {
		case r < 0x7f:
			ascii.WriteByte(byte(r)) //nolint:gosec // below 0x7f
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&ascii, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&ascii, `\u%04x`, r)
		}
	}
	ascii.WriteByte('\n')
	return ascii.Bytes(), nil
}
