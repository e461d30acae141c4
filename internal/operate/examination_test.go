package operate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// reconciled notes when the last reconcile began.
func (w *world) reconciled(ago time.Duration) {
	w.notes["reconcile"] = fmt.Appendf(nil, `{"started_at":%q}`, time.Now().Add(-ago).UTC().Format(time.RFC3339Nano))
}

// demandSecrets makes shop's credentials want its access tokens in secrets.
func (w *world) demandSecrets() {
	c := w.credentials["shop"]
	c.Value.Publish = token.PublishSecret
	w.credentials["shop"] = c
}

// healthy is a world that nothing is wrong with.
func healthy() *world {
	w := newWorld()
	w.publishAccess(token.ID{Client: "pos"}, time.Minute, time.Minute)
	w.publishAccess(token.ID{Client: "pos", Merchant: "DK1"}, time.Minute, time.Minute)
	w.consent("DK1", time.Minute, func(e *token.Entry) {
		e.Result.At, e.CommittedAt = time.Now().Add(-time.Minute), time.Now().Add(-time.Minute)
	})
	w.reconciled(5 * time.Minute)
	return w
}

// examine returns the checks by name.
func examine(t *testing.T, o *operate.Operator) map[string]operate.Check {
	t.Helper()
	checks := map[string]operate.Check{}
	for _, check := range o.Examine(t.Context()).Checks {
		checks[check.Name] = check
		if !strings.HasSuffix(check.Message, ".") || strings.ContainsAny(check.Message, "\n\t") {
			t.Errorf("%s: message %q, want a sentence on one line", check.Name, check.Message)
		}
	}
	return checks
}

func TestExamineFindsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := healthy()
		before := maps.Clone(w.entries)
		var names []string
		for _, check := range w.operator(t).Examine(t.Context()).Checks {
			names = append(names, check.Name)
			if check.State != operate.CheckOK {
				t.Errorf("%s: %s, %q, want ok", check.Name, check.State, check.Message)
			}
		}
		if got, want := strings.Join(names, " "), "credentials permissions discovery clock journal sealing-key invite-key schedule quota"; got != want {
			t.Errorf("checks: got %s, want %s", got, want)
		}
		if w.swaps != 0 || len(w.puts) != 0 || w.issued != 0 || len(before) != len(w.entries) {
			t.Errorf("%d writes, %d puts, %d requests: want an examination that changes nothing", w.swaps, len(w.puts), w.issued)
		}
	})
}

func TestExamine(t *testing.T) {
	t.Parallel()
	id := token.ID{Client: "shop", Merchant: "DK1"}
	change := func(change func(e *token.Entry)) func(*world) {
		return func(w *world) { e := w.entries[id]; change(&e); w.entries[id] = e }
	}
	promise := func(lifetime time.Duration) func(*world) {
		return func(w *world) {
			w.demandSecrets()
			w.lifetime = lifetime
			w.consent("DK1", time.Minute, nil)
		}
	}
	failing := func(call string) func(*world) { return func(w *world) { w.fails = call } }
	tests := []struct {
		name    string
		arrange func(w *world)
		check   string
		want    operate.CheckState
		says    string
	}{
		{"no client", func(w *world) { clear(w.credentials); clear(w.grantTypes); clear(w.secrets) }, "credentials", operate.CheckWarning, "no client yet"},
		{"credentials that are gone, and a grant that is not", func(w *world) { delete(w.credentials, "shop"); delete(w.grantTypes, "shop") }, "credentials", operate.CheckProblem, "shop: not found: store them anew"},
		{"credentials that do not parse", func(w *world) { w.credentials["shop"] = token.Stored[token.Credentials]{Err: token.ErrUnreadable} }, "credentials", operate.CheckProblem, "shop: unreadable"},
		{"credentials that cannot be used", func(w *world) { w.misdialed = errors.New("client_secret: is missing\nscopes: are none") }, "credentials", operate.CheckProblem, "pos: client_secret: is missing, scopes: are none: correct them with `tokens client put`, or the hosts"},
		{"another grant type than the tag", func(w *world) { w.mistagged = true }, "credentials", operate.CheckProblem, "shop: its provider has another grant_type than the tag"},
		{"no tag", func(w *world) { delete(w.grantTypes, "pos") }, "credentials", operate.CheckProblem, "pos: the tag token-refresher:grant-type is missing"},
		{"stopped", func(w *world) {
			w.notes["client/shop"], _ = json.Marshal(refresh.Health{Version: "c1", Stopped: true, Since: time.Now()})
		}, "credentials", operate.CheckProblem, "shop: the provider refuses them since 2000-01-01T00:00:00Z: store them anew"},
		{"a mass of refusals", func(w *world) {
			w.notes["client/shop"], _ = json.Marshal(refresh.Health{Version: "c1", Stopped: true, Mass: true, Since: time.Now()})
		}, "credentials", operate.CheckProblem, "shop: the provider refuses many of its grants at once since 2000-01-01T00:00:00Z: ask it why."},
		{"one client's that may not be read", func(w *world) { w.credentials["shop"] = token.Stored[token.Credentials]{Err: errStore} }, "credentials", operate.CheckProblem, "shop: store is down: give the function's role"},
		{"no notes", failing("Note"), "credentials", operate.CheckProblem, "is not known (read the client's health: store is down): see the other checks."},
		{"clients cannot be listed", failing("Survey"), "credentials", operate.CheckProblem, "OperatorRole"},
		{"credentials cannot be read", failing("Credentials"), "credentials", operate.CheckProblem, "OperatorRole"},
		{"a denied list", failing("Survey"), "permissions", operate.CheckProblem, "list secrets: store is down"},
		{"a denied description", failing("Labels"), "permissions", operate.CheckProblem, "describe a grant: store is down"},
		{"a denied read", failing("Grants"), "permissions", operate.CheckProblem, "read a grant: store is down"},
		{"a denied access token", failing("AccessTokens"), "permissions", operate.CheckProblem, "read an access token: store is down"},
		{"nobody's provider", failing("Survey"), "discovery", operate.CheckSkipped, "no client"},
		{"another issuer", func(w *world) {
			w.providers.Failed = map[string]error{"shop": errors.New("discovery: the document names another issuer")}
		}, "discovery", operate.CheckProblem, "shop: discovery: the document names another issuer"},
		{"no time told", func(w *world) { w.providers.Told = false }, "clock", operate.CheckSkipped, "told its time"},
		{"a little behind", func(w *world) { w.providers.Clock = 7 * time.Second }, "clock", operate.CheckWarning, "7s behind"},
		{"far ahead", func(w *world) { w.providers.Clock = -90 * time.Second }, "clock", operate.CheckProblem, "1m30s ahead of"},
		{"no due index", failing("Due"), "journal", operate.CheckProblem, "JOURNAL_TABLE"},
		{"no publish index", failing("Unpublished"), "journal", operate.CheckProblem, "JOURNAL_TABLE"},
		{"no writes", failing("SwapNote"), "journal", operate.CheckProblem, "JOURNAL_TABLE"},
		{"a row that cannot be read", func(w *world) { w.torn = []token.Entry{{ID: id}, {}} }, "journal", operate.CheckProblem, "entry shop/DK1: row: unreadable value; row: unreadable"},
		{"no walk", failing("Entries"), "journal", operate.CheckProblem, "read to its end"},
		{"no key", func(w *world) { w.keyErr = errors.New("a sealing key could not be read") }, "sealing-key", operate.CheckProblem, "could not be read"},
		{"the newest cannot be opened", change(func(e *token.Entry) { e.Sealed = token.ErrSealed }), "sealing-key", operate.CheckProblem, "that of shop/DK1, cannot be opened"},
		{"the newest cannot be read", func(w *world) { change(func(*token.Entry) {})(w); w.fails = "Get" }, "sealing-key", operate.CheckProblem, "It is readable, but whether it opens the newest answer, that of shop/DK1, is not known (store is down): give"},
		{"no grant yet", func(w *world) { clear(w.entries) }, "sealing-key", operate.CheckOK, "no grant yet to open"},
		{"no invite key", func(w *world) { w.keyErr = errors.New("a sealing key could not be read") }, "invite-key", operate.CheckProblem, "no merchant can consent"},
		{"a late token", func(w *world) { w.publishAccess(token.ID{Client: "pos"}, time.Hour, time.Hour) }, "schedule", operate.CheckProblem, "1 tokens of client credentials are late"},
		{"a token of credentials that were replaced since", func(w *world) {
			w.publishAccess(token.ID{Client: "pos"}, 20*time.Minute, 20*time.Minute)
			w.publishAccess(token.ID{Client: "pos", Merchant: "DK1"}, 20*time.Minute, 20*time.Minute)
			c := w.credentials["pos"]
			c.WrittenAt = time.Now().Add(-5 * time.Minute)
			w.credentials["pos"] = c
		}, "schedule", operate.CheckProblem, "2 tokens of client credentials are late, the first since 4m"},
		{"a token that waits for its secret", func(w *world) { w.publishAccess(token.ID{Client: "pos"}, time.Hour, time.Minute) }, "schedule", operate.CheckOK, "No token is late"},
		{"a token that no sweep got", func(w *world) { delete(w.access, token.ID{Client: "pos", Merchant: "DK1"}) }, "schedule", operate.CheckWarning, "No secret has a token for pos/DK1: "},
		{"a token of new credentials", func(w *world) {
			clear(w.access)
			stored := w.credentials["pos"]
			stored.WrittenAt = time.Now().Add(-3 * time.Minute)
			w.credentials["pos"] = stored
		}, "schedule", operate.CheckOK, "No token is late"},
		{"a grant that fails", change(func(e *token.Entry) { e.Result.Failures = 3 }), "schedule", operate.CheckWarning, "1 grants could not be renewed at their last 3 tries"},
		{"a grant that failed twice", change(func(e *token.Entry) { e.Result.Failures = 2 }), "schedule", operate.CheckOK, "No token is late"},
		{"a grant that was given up", change(func(e *token.Entry) { e.Result.Failures, e.Result.Latch = 9, &token.Latch{} }), "schedule", operate.CheckOK, "No token is late"},
		{"a grant too short-lived for its secret", promise(5 * time.Minute), "schedule", operate.CheckProblem, "shop: publish: secret is refused: the token lives 5m0s and a published one must live 23m45s or longer; leave publish out"},
		{"a grant that lives long enough for its secret", promise(24 * time.Minute), "schedule", operate.CheckOK, "No token is late"},
		{"no sweep for long", func(w *world) { w.reconciled(19 * time.Minute) }, "schedule", operate.CheckProblem, "began 19m0s ago: see whether the schedule is enabled"},
		{"never swept", func(w *world) { clear(w.notes) }, "schedule", operate.CheckWarning, "no sweep has compared"},
		{"a late grant", change(func(e *token.Entry) { e.DueAt = time.Now().Add(-4 * time.Minute) }), "schedule", operate.CheckWarning, "1 grants are due and wait, the first since 4m0s"},
		{"a grant that waits a moment", change(func(e *token.Entry) { e.DueAt = time.Now().Add(-3 * time.Minute) }), "schedule", operate.CheckOK, "No token is late"},
		{"a removed grant waits for nothing", change(func(e *token.Entry) { e.DueAt = time.Now().Add(-time.Hour); e.Removed = true }), "schedule", operate.CheckOK, "no grant yet"},
		{"sweeps are not known", failing("Note"), "schedule", operate.CheckProblem, "not known"},
		{"the journal is not known", failing("Entries"), "schedule", operate.CheckProblem, "journal"},
		{"nothing to sweep", func(w *world) { clear(w.credentials); clear(w.grantTypes); clear(w.entries) }, "schedule", operate.CheckSkipped, "nothing to sweep"},
		{"a backlog", change(func(e *token.Entry) { e.DueAt = time.Now().Add(-time.Hour) }), "quota", operate.CheckWarning, "1 grants are due and wait although there is room"},
		{"a quota that is not known", failing("Due"), "quota", operate.CheckSkipped, "journal cannot be read"},
		{"grants cannot be counted", failing("Survey"), "quota", operate.CheckSkipped, "cannot be listed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := healthy()
				test.arrange(w)
				got := examine(t, w.operator(t))[test.check]
				if got.State != test.want || !strings.Contains(got.Message, test.says) {
					t.Errorf("%s: got %s, %q; want %s with %q", test.check, got.State, got.Message, test.want, test.says)
				}
			})
		})
	}
}

// Puts are counted against what one instance may write in an interval.
func TestExamineCountsPuts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		grants  int
		publish token.Publish
		want    operate.CheckState
	}{
		{30, "", operate.CheckOK},      // 2 + 60 of 96
		{33, "", operate.CheckWarning}, // 2 + 66
		{46, "", operate.CheckWarning}, // 2 + 92
		{47, "", operate.CheckProblem}, // 2 + 94
		{60, token.PublishFunction, operate.CheckOK},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := healthy()
			clear(w.entries)
			c := w.credentials["shop"]
			c.Value.Publish = test.publish
			w.credentials["shop"] = c
			for i := range test.grants {
				w.consent(fmt.Sprintf("DK%d", i), time.Minute, nil)
			}
			config := w.config(t)
			config.Schedule.WriteInterval, config.Examination.WritesPerSecond = 96*time.Second, 1
			o, err := operate.New(config)
			if err != nil {
				t.Fatal(err)
			}
			if got := examine(t, o)["quota"]; got.State != test.want {
				t.Errorf("%d grants: got %s, %q, want %s", test.grants, got.State, got.Message, test.want)
			}
		})
	}
}

func TestExamineWithoutPages(t *testing.T) {
	t.Parallel()
	config := healthy().config(t)
	config.Inviter = nil
	o, err := operate.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if got := examine(t, o)["invite-key"]; got.State != operate.CheckSkipped {
		t.Errorf("invite-key: got %+v, want it skipped", got)
	}
}

// A message holds as many faults as a person reads.
func TestExamineNamesSomeOfMany(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 8 {
		w.credentials[fmt.Sprint("c", i)] = token.Stored[token.Credentials]{}
	}
	got := examine(t, w.operator(t))["credentials"].Message
	if !strings.Contains(got, "c4: the tag") || strings.Contains(got, "c5:") || !strings.Contains(got, "; and 3 more") {
		t.Errorf("message %q, want five clients and a count", got)
	}
}
