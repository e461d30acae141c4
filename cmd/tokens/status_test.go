package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// noon is when the tables of these tests are printed.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// alive is a token of an hour of which so much is left.
func alive(id string, state operate.State, left time.Duration) operate.Token {
	return operate.Token{ID: id, State: state, IssuedAt: noon.Add(left - time.Hour), ExpiresAt: noon.Add(left)}
}

// mixed has a token in every state.
func mixed() operate.Status {
	refused := operate.Token{ID: "reporting/DK87654321", State: operate.StateConsentRequired, Reason: "rotation_lost", Since: noon.Add(-26 * time.Hour), Revision: 12, PublishedRevision: 11}
	failing := alive("reporting/FI12345678", operate.StateFresh, 48*time.Minute)
	failing.Problem, failing.Revision, failing.PublishedRevision = "failed 2 times in a row", 7, 7
	unreadable := operate.Token{ID: "reporting/DK11111111", State: operate.StateUnreadable, Problem: "the journal's answer cannot be opened"}
	return operate.Status{Clients: []operate.Client{
		{Name: "kiosk", Problem: "secret mobilepay/kiosk/credentials: unreadable value: client_id is missing; provider is missing: name a preset or give an object"},
		{Name: "mobile", Problem: "stopped: the provider refuses its credentials", Since: noon.Add(-2 * time.Hour)},
		{Name: "pos", GrantType: token.GrantTypeClientCredentials, Tokens: []operate.Token{
			alive("pos", operate.StateFresh, 59*time.Minute), alive("pos/DK12345678", operate.StateDue, 9*time.Minute),
			alive("pos/DK2", operate.StateHeld, 5*time.Minute), {ID: "pos/DK3", State: operate.StateMissing},
		}},
		{Name: "reporting", GrantType: token.GrantTypeAuthorizationCode, Tokens: []operate.Token{
			failing, refused, unreadable, alive("reporting/DK4", operate.StateExpired, -90*time.Second),
			alive("reporting/DK5", operate.StateIdle, -5*time.Hour), {ID: "reporting/DK6", State: operate.StateParked}, {ID: "reporting/DK7", State: operate.StateRemoved},
		}},
	}}
}

func TestStatusAt80Columns(t *testing.T) {
	t.Parallel()
	want := `client  kiosk: secret mobilepay/kiosk/credentials: unreadable value: client_id
        is missing; provider is missing: name a preset or give an object
client  mobile: stopped: the provider refuses its credentials (2h00m ago)
TOKEN                 LIFE LEFT           LAST SUCCESS  STATE
reporting/DK11111111  ░░░░░░░░░░  -       -             unreadable
    the journal's answer cannot be opened
reporting/DK87654321  ░░░░░░░░░░  -       -             consent required
    rotation lost 1d2h ago: send the merchant a link, tokens invite
    reporting/DK87654321
reporting/DK4         ░░░░░░░░░░  -       1h01m ago     expired
pos/DK3               ░░░░░░░░░░  -       -             missing
    the next sweep gets it
reporting/FI12345678  ████████░░  48m00s  12m00s ago    fresh
    failed 2 times in a row
pos/DK12345678        ██░░░░░░░░  9m00s   51m00s ago    due
pos/DK2               █░░░░░░░░░  5m00s   55m00s ago    held
reporting/DK6         ░░░░░░░░░░  -       -             parked
pos                   ██████████  59m00s  1m00s ago     fresh
reporting/DK5         ░░░░░░░░░░  -       6h00m ago     idle
reporting/DK7         ░░░░░░░░░░  -       -             removed
11 tokens of 4 clients: 1 unreadable, 1 consent required, 1 expired, 1 missing, 1 due, 1 held, 1 parked, 2 fresh, 1 idle, 1 removed; 2 clients with a problem`
	got := strings.Join(statusTable{width: 80, now: noon}.lines(mixed()), "\n")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

var sgr = regexp.MustCompile(`\x1b\[[0-9]*m`)

// The table fits whatever the terminal's width is, wide ones have more columns,
// and colours take no room.
func TestStatusFits(t *testing.T) {
	t.Parallel()
	long := mixed()
	long.Clients[2].Tokens[0].ID = "a-client-with-thirty-one-letters/" + strings.Repeat("merchant", 8)
	long.Clients[2].Tokens[0].Problem = strings.Repeat("word ", 100) + strings.Repeat("x", 300)
	for _, width := range []int{minWidth, 80, 100, 120, 139, 140, 160, 240} {
		for name, status := range map[string]operate.Status{"mixed": mixed(), "long": long} {
			plain := statusTable{width: width, now: noon}.lines(status)
			for _, line := range plain[:len(plain)-1] { // the summary may wrap
				if n := columns(line); n > width {
					t.Errorf("%s at %d: %q has %d columns", name, width, line, n)
				}
			}
			wide := strings.Contains(strings.Join(plain, "\n"), "REVISION")
			if wide != (width >= wideTable) {
				t.Errorf("%s at %d: more columns: %v", name, width, wide)
			}
			colored := statusTable{width: width, now: noon, paint: true}.lines(status)
			if got, want := sgr.ReplaceAllString(strings.Join(colored, "\n"), ""), strings.Join(plain, "\n"); got != want {
				t.Errorf("%s at %d in colours:\n%s\nwant:\n%s", name, width, got, want)
			}
		}
	}
	wide := strings.Join(statusTable{width: 160, now: noon}.lines(mixed()), "\n")
	for _, want := range []string{"reporting/FI12345678  ████████░░  48m00s  12m00s ago    fresh             7                 failed 2 times in a row\n", "12, secret 11     rotation lost 1d2h ago: send the merchant a link, tokens"} {
		if !strings.Contains(wide, want) {
			t.Errorf("got:\n%s\nwant in it:\n%s", wide, want)
		}
	}
}

// Of thousands a person sees what matters, and how many others there are.
func TestStatusOfThousands(t *testing.T) {
	t.Parallel()
	client := operate.Client{Name: "many"}
	for n := range 5000 {
		state := operate.StateFresh
		switch {
		case n < 300:
			state = operate.StateConsentRequired
		case n < 310:
			state = operate.StateIdle
		}
		client.Tokens = append(client.Tokens, alive(fmt.Sprintf("many/DK%08d", n), state, time.Duration(n+1)*time.Second))
	}
	status := operate.Status{Clients: []operate.Client{client}}
	lines := statusTable{width: 160, now: noon}.lines(status)
	if want := 1 + maxTroubled + maxCalm + 2; len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	if got, want := lines[len(lines)-2], "… and 200 consent required, 4670 fresh, 10 idle more (--all shows them)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := lines[len(lines)-1], "5000 tokens of 1 client: 300 consent required, 4690 fresh, 10 idle"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := len((statusTable{width: 160, now: noon, all: true}).lines(status)); got != 5002 {
		t.Errorf("with --all: %d lines, want 5002", got)
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59 * time.Second: "59s", time.Minute: "1m00s", 3700 * time.Second: "1h01m",
		49 * time.Hour: "2d1h", 1000 * 24 * time.Hour: "1000d",
	} {
		if got := short(d); got != want {
			t.Errorf("short(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]int{-1: 0, 0: 0, 0.001: 1, 0.2: 2, 0.96: 10, 1: 10, 7: 10} {
		if full, empty := bar(share, 10); columns(full) != want || columns(full+empty) != 10 {
			t.Errorf("bar(%v): %q and %q, want %d of 10 full", share, full, empty, want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "one two three": "one two|three", "abcdefghijklmnopqrstuvw x": "abcdefghij|klmnopqrst|uvw x",
	} {
		if got := strings.Join(wrap(text, 10), "|"); got != want {
			t.Errorf("wrap(%q) = %q, want %q", text, got, want)
		}
	}
	if got := shorten("subscriptions/DK12345678", 12); got != "subs…2345678" || columns(got) != 12 {
		t.Errorf("shorten: got %q", got)
	}
}

func TestStatusHelpExplainsEveryState(t *testing.T) {
	t.Parallel()
	help := (*statusCommand)(nil).Help()
	for _, name := range stateNames() {
		if !strings.Contains(help, "\n  "+name+" ") {
			t.Errorf("the help says nothing of %s:\n%s", name, help)
		}
	}
}
