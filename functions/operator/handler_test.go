package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"token-refresher/internal/operate"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// desk answers as an operator would, and notes what it was asked.
type desk struct {
	asked string
	err   error
}

const secretValue = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.c2ln"

func (d *desk) Status(_ context.Context, filter token.ID) (operate.Status, error) {
	d.asked = "status " + filter.String()
	return operate.Status{Clients: []operate.Client{{Name: "reporting", GrantType: token.GrantTypeAuthorizationCode, Tokens: []operate.Token{
		{ID: "reporting/DK12345678", State: operate.StateFresh, Revision: 7, PublishedRevision: 5},
	}}}}, d.err
}

func (d *desk) Refresh(_ context.Context, ids []token.ID, force bool) []operate.Refreshed {
	d.asked = "refresh"
	if force {
		d.asked += " by force"
	}
	var done []operate.Refreshed
	for _, id := range ids {
		d.asked += " " + id.String()
		done = append(done, operate.Refreshed{ID: id.String(), Outcome: operate.Renewed, Published: true})
	}
	return done
}

func (d *desk) Get(_ context.Context, id token.ID) (token.AccessToken, error) {
	d.asked = "get " + id.String()
	if d.err != nil {
		return token.AccessToken{}, d.err
	}
	at := time.Date(2026, 11, 21, 12, 0, 0, 999, time.UTC)
	return token.AccessToken{ID: id, Value: token.NewSecret(secretValue), Type: "Bearer", IssuedAt: at, ExpiresAt: at.Add(5 * time.Minute)}, nil
}

// invoke sends the payload through aws-lambda-go, as Lambda does.
func invoke(t *testing.T, d *desk, allowGet bool, payload []byte) (answer, log string, err error) {
	t.Helper()
	var written bytes.Buffer
	h := &handler{operator: d, allowGet: allowGet, log: telemetry.NewLogger(&written, slog.LevelDebug)}
	result, err := lambda.NewHandler(h.handle).Invoke(t.Context(), payload)
	return string(result), written.String(), err
}

// TestEvents runs the events that stand in the repository as examples.
func TestEvents(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct{ asked, answer string }{
		"operator-status.json": {"status reporting", `{"clients":[{"client":"reporting","grant_type":"authorization_code","tokens":[` +
			`{"token":"reporting/DK12345678","state":"fresh","revision":7,"published_revision":5}]}]}`},
		"operator-refresh.json": {"refresh by force pos reporting/DK12345678", `{"tokens":[{"token":"pos","outcome":"renewed","published":true},` +
			`{"token":"reporting/DK12345678","outcome":"renewed","published":true}]}`},
		"operator-get.json": {"get subscriptions/DK12345678", `{"access_token":"` + secretValue + `","token_type":"Bearer",` +
			`"issued_at":"2026-11-21T12:00:00Z","expires_at":"2026-11-21T12:05:00Z","client":"subscriptions","merchant":"DK12345678"}`},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			payload, err := os.ReadFile("../../events/" + file)
			if err != nil {
				t.Fatal(err)
			}
			d := &desk{}
			answer, log, err := invoke(t, d, true, payload)
			if err != nil || answer != want.answer || d.asked != want.asked {
				t.Errorf("asked %q, answered %s (%v)\nwant %q and %s", d.asked, answer, err, want.asked, want.answer)
			}
			if strings.Contains(log, secretValue) {
				t.Error("the log shows the token")
			}
		})
	}
}

// Without the stack's word no token is handed out, and none is looked for.
func TestGetIsOffByDefault(t *testing.T) {
	t.Parallel()
	d := &desk{}
	answer, _, err := invoke(t, d, false, []byte(`{"action":"get","token":"pos"}`))
	if err != nil || d.asked != "" || !strings.HasPrefix(answer, `{"error":"not_allowed","message":"`) {
		t.Errorf("asked %q, answered %s (%v), want not_allowed", d.asked, answer, err)
	}
}

// That there is no token is a normal answer; a store that fails is none.
func TestRefusalsAndFailures(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	answer, _, err := invoke(t, &desk{err: &operate.Refusal{Code: operate.ConsentRequired, Message: "revoked", Since: since}}, true, []byte(`{"action":"get","token":"pos"}`))
	if want := `{"error":"consent_required","message":"revoked","since":"2026-11-21T12:00:00Z"}`; err != nil || answer != want {
		t.Errorf("refusal: got %s (%v), want %s", answer, err, want)
	}
	for _, payload := range []string{`{"action":"get","token":"pos"}`, `{"action":"status"}`} {
		_, log, err := invoke(t, &desk{err: errors.New("read credentials: access denied")}, true, []byte(payload))
		if err == nil || !strings.Contains(err.Error(), "access denied") || !strings.Contains(log, "action failed") {
			t.Errorf("%s: got %v and log %q, want the failure in both", payload, err, log)
		}
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, payload, want string }{
		{"a later action", `{"action":"invite","client":"reporting","merchant":"DK12345678"}`, "invite: not in this version"},
		{"another later action", `{"action":"remove","token":"reporting/DK12345678"}`, "remove: not in this version"},
		{"the last later action", `{"action":"doctor"}`, "doctor: not in this version"},
		{"unknown action", `{"action":"sweep"}`, `unknown action "sweep"`},
		{"no action", `{}`, "names no action"},
		{"action of another type", `{"action":1}`, "field action is of another type"},
		{"unknown field", `{"action":"status","all":true}`, `unknown field "all"`},
		{"a list", `[]`, "not a JSON object"},
		{"a bad client", `{"action":"status","client":"Reporting"}`, "client's name must match"},
		{"a merchant of no client", `{"action":"status","merchant":"DK12345678"}`, "client's name must match"},
		{"no tokens", `{"action":"refresh"}`, "tokens: name 1 to 1000"},
		{"too many tokens", `{"action":"refresh","tokens":[` + strings.Repeat(`"pos",`, 1000) + `"pos"]}`, "tokens: name 1 to 1000"},
		{"a bad token", `{"action":"refresh","tokens":["pos","POS"]}`, "tokens[1]: the client's name"},
		{"get without a token", `{"action":"get"}`, "token: the client's name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			_, _, err := invoke(t, d, true, []byte(test.payload))
			if err == nil || !strings.Contains(err.Error(), test.want) || d.asked != "" {
				t.Errorf("asked %q, error %v; want nothing, and an error with %q", d.asked, err, test.want)
			}
		})
	}
}

func TestTokensAreRenewedOnce(t *testing.T) {
	t.Parallel()
	d := &desk{}
	if _, _, err := invoke(t, d, false, []byte(`{"action":"refresh","tokens":["pos","pos/DK1","pos"]}`)); err != nil || d.asked != "refresh pos pos/DK1" {
		t.Errorf("asked %q (%v), want each once", d.asked, err)
	}
}

func TestErrorsAndLogsShowNoPayload(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{"action":"` + secretValue + `"}`, `{"` + secretValue + `":1}`, `{"action":"get","token":"` + secretValue + `"}`,
		`{"action":"status","client":"` + secretValue + `"}`, `"` + secretValue + `"`, secretValue,
	} {
		_, log, err := invoke(t, &desk{}, true, []byte(payload))
		if err == nil || strings.Contains(err.Error(), secretValue) || strings.Contains(log, secretValue) {
			t.Errorf("%s: got %v and log %s, want an error without the value", payload, err, log)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{`{"action":"status"}`, `{"action":"refresh","tokens":["a"],"force":true}`, `{"action":"get","token":"a/b"}x`, `{"action":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := parseEvent(payload)
		if (err == nil) == (e.Action == "") {
			t.Errorf("parseEvent(%q): action %q and error %v", payload, e.Action, err)
		}
		h := &handler{operator: &desk{}, log: telemetry.NewLogger(io.Discard, slog.LevelError)}
		if answer, err := h.handle(t.Context(), payload); err == nil && answer == nil {
			t.Errorf("handle(%q) answers nothing", payload)
		}
	})
}
