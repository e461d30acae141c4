package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/statuspage"
)

func TestTextPrinter(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	failed := statuspage.Sweep{Function: "refresh", At: at, NotDue: 2, Failures: []statuspage.Failure{{Token: "pos", Error: "no answer"}}}
	tests := []struct {
		name   string
		sweeps []statuspage.Sweep
		want   string
	}{
		{name: "nothing done", sweeps: []statuspage.Sweep{{Function: "refresh", At: at, NotDue: 3}}, want: ""},
		{name: "renewed", sweeps: []statuspage.Sweep{{Function: "refresh", At: at, Renewed: 3}}, want: "03:04:05  refresh: 3 renewed\n"},
		{name: "renewed twice", sweeps: []statuspage.Sweep{{Function: "refresh", At: at, Renewed: 1}, {Function: "refresh", At: at, Renewed: 1}}, want: "03:04:05  refresh: 1 renewed\n03:04:05  refresh: 1 renewed\n"},
		{name: "failed", sweeps: []statuspage.Sweep{failed}, want: "03:04:05  refresh: 1 failed, 2 not due\n          pos: no answer\n"},
		{name: "failed in the same way", sweeps: []statuspage.Sweep{failed, failed, failed}, want: "03:04:05  refresh: 1 failed, 2 not due\n          pos: no answer\n"},
		{name: "failed, waited, failed again", sweeps: []statuspage.Sweep{failed, {Function: "refresh", At: at}, failed}, want: "03:04:05  refresh: 1 failed, 2 not due\n          pos: no answer\n"},
		{
			name: "failed, renewed, failed again", sweeps: []statuspage.Sweep{failed, {Function: "refresh", At: at, Renewed: 1}, failed},
			want: "03:04:05  refresh: 1 failed, 2 not due\n          pos: no answer\n03:04:05  refresh: 1 renewed\n03:04:05  refresh: 1 failed, 2 not due\n          pos: no answer\n",
		},
		{
			name: "failed in another way", sweeps: []statuspage.Sweep{failed, {Function: "refresh", At: at, Failures: []statuspage.Failure{{Token: "pos", Error: "refused"}}}},
			want: "03:04:05  refresh: 1 failed, 2 not due\n          pos: no answer\n03:04:05  refresh: 1 failed\n          pos: refused\n",
		},
		{
			name: "failed in the same way, as another request", sweeps: []statuspage.Sweep{
				{Function: "refresh", At: at, Failures: []statuspage.Failure{{Token: "pos", Error: "refused (status 401, correlation id 4f)"}}},
				{Function: "refresh", At: at, Failures: []statuspage.Failure{{Token: "pos", Error: "refused (status 401, correlation id 5e)"}}},
			},
			want: "03:04:05  refresh: 1 failed\n          pos: refused (status 401, correlation id 4f)\n",
		},
		{name: "sweep failed twice", sweeps: []statuspage.Sweep{{Function: "refresh", At: at, Problem: "no bootstrap"}, {Function: "refresh", At: at, Problem: "no bootstrap"}}, want: "03:04:05  refresh: sweep failed: no bootstrap\n"},
		{
			name: "what another function renewed", sweeps: []statuspage.Sweep{failed, {Function: "other", At: at, Renewed: 1}, failed},
			want: "03:04:05  refresh: 1 failed, 2 not due\n          pos: no answer\n03:04:05  other: 1 renewed\n",
		},
		{name: "sweep failed", sweeps: []statuspage.Sweep{{Function: "refresh", At: at, Problem: "Task timed out"}}, want: "03:04:05  refresh: sweep failed: Task timed out\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			p := newPrinter(&out, false)
			for _, sweep := range test.sweeps {
				p.swept(sweep)
			}
			if got := out.String(); got != test.want {
				t.Errorf("printed:\n%swant:\n%s", got, test.want)
			}
		})
	}
}

func TestPrintersSayWhereThingsAre(t *testing.T) {
	t.Parallel()
	f := facts{
		Speed: 30, AWS: "http://127.0.0.1:1", Provider: "http://localhost:2", Page: "http://127.0.0.1:3",
		State: "/state", FunctionLog: "/state/log", Read: "aws read", Get: "tokens get", Consent: "http://127.0.0.1:3/consent?invite=x", Break: "curl break",
	}
	for name, asJSON := range map[string]bool{"text": false, "json": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			p := newPrinter(&out, asJSON)
			p.started(f)
			p.ready()
			got := out.String()
			for _, want := range []string{"30", f.AWS, f.Provider, f.Page, f.State, f.FunctionLog, f.Read, f.Get, f.Consent, f.Break} {
				if !strings.Contains(got, want) {
					t.Errorf("printed:\n%swant %q in it", got, want)
				}
			}
			lines := strings.Split(strings.TrimSpace(got), "\n")
			if last := lines[len(lines)-1]; !asJSON && last != "ready" {
				t.Errorf("last line: got %q, want ready alone", last)
			}
			for _, line := range lines {
				if asJSON && !json.Valid([]byte(line)) {
					t.Errorf("line %q: want JSON", line)
				}
			}
		})
	}
}

func TestJSONPrinterGivesAList(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	newPrinter(&out, true).swept(statuspage.Sweep{Renewed: 3})
	if got := out.String(); !strings.Contains(got, `"failures":[]`) {
		t.Errorf("printed %s, want an empty list of failures", got)
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"/home/a-b/c_d.e/tokens": "/home/a-b/c_d.e/tokens",
		"/home/Søren/tokens":     "/home/Søren/tokens",
		"/a b/tokens":            "'/a b/tokens'",
		"/it's/$(x)/tokens":      `'/it'\''s/$(x)/tokens'`,
		"":                       "''",
	} {
		if got := shellWord(word); got != want {
			t.Errorf("shellWord(%q): got %s, want %s", word, got, want)
		}
	}
}
