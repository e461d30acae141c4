package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What is printed in columns is printable, so that every character is one column
// wide.

// color is an SGR parameter of a terminal (ECMA-48 section 8.3.117).
type color string

// The colours: those of the terminal's own sixteen, which its owner chose.
const (
	none   color = ""
	bold   color = "1"
	faint  color = "2"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
)

// paint colours text, or leaves it.
type paint bool

func (p paint) do(c color, text string) string {
	if !p || c == none || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// columns is how wide a printable text is.
func columns(text string) int { return utf8.RuneCountInString(text) }

// pad fills up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// shorten cuts the middle out of what is too wide: ids differ at their ends.
func shorten(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	if width < 3 {
		return string(runes[:max(0, width)])
	}
	tail := (width - 1) * 2 / 3
	return string(runes[:width-1-tail]) + "…" + string(runes[len(runes)-tail:])
}

// wrap breaks a text at spaces, and within words that are too wide.
func wrap(text string, width int) []string {
	width = max(width, 10)
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for columns(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:width])), string(runes[width:])
		}
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// bar draws a share from 0 to 1, in so many columns.
func bar(share float64, width int) (full, empty string) {
	filled := min(max(int(share*float64(width)+0.5), 0), width)
	if filled == 0 && share > 0 {
		filled = 1
	}
	return strings.Repeat("█", filled), strings.Repeat("░", width-filled)
}

// short writes a duration in its two largest units, rounded down: 2d3h, 1h05m,
// 4m10s.
func short(d time.Duration) string {
	seconds := int64(max(d, 0) / time.Second)
	minutes, hours, days := seconds/60, seconds/3600, seconds/86400
	switch {
	case days >= 100:
		return fmt.Sprintf("%dd", days)
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours%24)
	case hours > 0:
		return fmt.Sprintf("%dh%02dm", hours, minutes%60)
	case minutes > 0:
		return fmt.Sprintf("%dm%02ds", minutes, seconds%60)
	default:
		return fmt.Sprintf("%ds", seconds)
	}
}
