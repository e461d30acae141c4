package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/operate"
)

// The widths of the table's columns, and from which width on there are more of
// them.
const (
	barColumns   = 10
	leftColumns  = 6
	lastColumns  = 12
	stateColumns = 16
	wideTable    = 140
	revColumns   = 16
	gap          = "  "

	// maxCalm is how many tokens that need nobody are shown on a terminal, and
	// maxTroubled how many others.
	maxCalm     = 20
	maxTroubled = 100
)

// statusTable writes a status for people.
type statusTable struct {
	paint paint
	width int
	now   time.Time
	all   bool // however many there are
}

// lines are the table and its summary, without ends of lines.
func (s statusTable) lines(status operate.Status) []string {
	var lines []string
	var tokens []operate.Token
	for _, client := range status.Clients {
		tokens = append(tokens, client.Tokens...)
		if client.Problem != "" {
			lines = append(lines, s.problem(client)...)
		}
	}
	slices.SortFunc(tokens, byTrouble)
	shown := s.shown(tokens)
	if len(shown) > 0 {
		names := s.nameColumns(shown)
		lines = append(lines, s.head(names))
		for _, t := range shown {
			lines = append(lines, s.row(t, names)...)
		}
	}
	if hidden := len(tokens) - len(shown); hidden > 0 {
		lines = append(lines, fmt.Sprintf("… and %s more (--all shows them)", s.hidden(tokens, shown)))
	}
	return append(lines, s.summary(status, tokens))
}

// shown are the tokens that have a row: all, or as many as a person reads.
func (s statusTable) shown(tokens []operate.Token) []operate.Token {
	if s.all {
		return tokens
	}
	var shown []operate.Token
	calm := 0
	for _, t := range tokens {
		switch {
		case inTrouble(t) && len(shown) < maxTroubled:
			shown = append(shown, t)
		case !inTrouble(t) && calm < maxCalm:
			shown = append(shown, t)
			calm++
		}
	}
	return shown
}

// hidden counts what has no row, by state.
func (s statusTable) hidden(tokens, shown []operate.Token) string {
	count := count(tokens)
	for _, t := range shown {
		count[t.State]--
	}
	return tallied(count, func(_ operate.State, text string) string { return text })
}

// problem is a client that nothing can be asked for.
func (s statusTable) problem(client operate.Client) []string {
	text := printable(client.Name) + ": " + printable(client.Problem)
	if !client.Since.IsZero() {
		text += " (" + ago(client.Since, s.now) + ")"
	}
	var lines []string
	for i, line := range wrap(text, s.width-8) {
		head := s.paint.do(red, "client") + gap
		if i > 0 {
			head = pad("", 8)
		}
		lines = append(lines, head+line)
	}
	return lines
}

// nameColumns is how wide the ids may be.
func (s statusTable) nameColumns(tokens []operate.Token) int {
	widest := len("TOKEN")
	for _, t := range tokens {
		widest = max(widest, columns(printable(t.ID)))
	}
	room := s.width - s.fixed()
	if s.width >= wideTable {
		room = min(room, s.width/4)
	}
	return min(widest, max(room, 12))
}

// fixed is what the columns beside the ids take.
func (s statusTable) fixed() int {
	fixed := barColumns + leftColumns + lastColumns + stateColumns + 4*len(gap)
	if s.width >= wideTable {
		fixed += revColumns + len(gap)
	}
	return fixed
}

func (s statusTable) head(names int) string {
	cells := []string{pad("TOKEN", names), pad("LIFE LEFT", barColumns+len(gap)+leftColumns), pad("LAST SUCCESS", lastColumns), pad("STATE", stateColumns)}
	if s.width >= wideTable {
		cells = append(cells, pad("REVISION", revColumns), "NOTE")
	}
	return s.paint.do(bold, strings.TrimRight(strings.Join(cells, gap), " "))
}

// row is one token. What there is to say of it stands behind it where that is
// wide enough, and below it elsewhere.
func (s statusTable) row(t operate.Token, names int) []string {
	full, empty := bar(left(t, s.now), barColumns)
	remaining := "-"
	if t.ExpiresAt.After(s.now) {
		remaining = short(t.ExpiresAt.Sub(s.now))
	}
	hue := stateColor(t)
	cells := []string{
		pad(shorten(printable(t.ID), names), names),
		s.paint.do(hue, full) + s.paint.do(faint, empty), pad(remaining, leftColumns),
		pad(ago(t.IssuedAt, s.now), lastColumns), s.paint.do(hue, words(t.State)) + pad("", stateColumns-columns(words(t.State))),
	}
	indent := "    "
	var notes []string
	text := note(t, s.now)
	if s.width >= wideTable {
		cells = append(cells, pad(revision(t), revColumns))
		indent = pad("", names+s.fixed()+len(gap))
		notes = wrap(text, s.width-len(indent))
		cells, notes = append(cells, notes[0]), notes[1:]
	} else if text != "" {
		notes = wrap(text, s.width-len(indent))
	}
	lines := []string{strings.TrimRight(strings.Join(cells, gap), " ")}
	for _, line := range notes {
		lines = append(lines, indent+line)
	}
	return lines
}

// revision says how far the secret of a grant is behind the journal.
func revision(t operate.Token) string {
	switch {
	case t.Revision == 0:
		return "-"
	case t.PublishedRevision == t.Revision:
		return fmt.Sprint(t.Revision)
	case t.PublishedRevision == 0:
		return fmt.Sprintf("%d, secret -", t.Revision)
	default:
		return fmt.Sprintf("%d, secret %d", t.Revision, t.PublishedRevision)
	}
}

// summary answers whether everything is fresh, in one line.
func (s statusTable) summary(status operate.Status, tokens []operate.Token) string {
	problems := 0
	for _, client := range status.Clients {
		if client.Problem != "" {
			problems++
		}
	}
	if len(status.Clients) == 0 {
		return "nothing to show"
	}
	text := plural(len(tokens), "token") + " of " + plural(len(status.Clients), "client")
	if len(tokens) > 0 {
		text += ": " + tallied(count(tokens), func(state operate.State, text string) string {
			return s.paint.do(stateColor(operate.Token{State: state}), text)
		})
	}
	if problems > 0 {
		text += "; " + s.paint.do(red, plural(problems, "client")+" with a problem")
	}
	return text
}

func count(tokens []operate.Token) map[operate.State]int {
	count := map[operate.State]int{}
	for _, t := range tokens {
		count[t.State]++
	}
	return count
}

// tallied writes counts by state, trouble first.
func tallied(count map[operate.State]int, paint func(operate.State, string) string) string {
	var parts []string
	others := 0
	for state, n := range count {
		if !slices.Contains(states(), state) {
			others += n
		}
	}
	for _, state := range states() {
		if n := count[state]; n > 0 {
			parts = append(parts, paint(state, fmt.Sprintf("%d %s", n, words(state))))
		}
	}
	if others > 0 {
		parts = append(parts, fmt.Sprintf("%d in another state", others))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
