package operate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"token-refresher/internal/operate"
	"token-refresher/internal/serve"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// invoke sends the payload through aws-lambda-go, as Lambda does.
func invoke(t *testing.T, w *world, allowGet bool, payload string) (answer, log string, err error) {
	t.Helper()
	var written bytes.Buffer
	h, err := operate.NewHandler(operate.HandlerConfig{
		Operator: w.operator(t), AllowGet: allowGet, Log: telemetry.NewLogger(&written, slog.LevelDebug),
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := lambda.NewHandler(h.Handle).Invoke(t.Context(), []byte(payload))
	return string(result), written.String(), err
}

// sandboxed is a world with the clients that the examples name.
func sandboxed() *world {
	w := newWorld()
	for _, name := range []string{"reporting", "subscriptions"} {
		w.credentials[name] = token.Stored[token.Credentials]{Value: token.Credentials{Client: name}, Version: "c1"}
		w.grantTypes[name] = token.GrantTypeAuthorizationCode
	}
	e := w.entries[w.consent("DK12345678", time.Minute, nil)]
	e.ID.Client = "reporting"
	w.entries[e.ID] = e
	w.secrets[e.ID] = token.Stored[token.Grant]{Version: e.Put.Version}
	w.removal = token.Removal{At: time.Now(), RevokedAt: time.Now(), DeletedAt: time.Now()}
	return w
}

// TestEvents runs the events that stand in the repository as examples.
func TestEvents(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"operator-status.json":  `{"clients":[{"client":"reporting","grant_type":"authorization_code","tokens":[{"token":"reporting/DK12345678","state":"fresh","issued_at":"1999-12-31T23:59:00Z",`,
		"operator-refresh.json": `{"tokens":[{"token":"pos","outcome":"renewed","expires_at":"2000-01-01T01:00:00Z","published":true},{"token":"reporting/DK12345678","outcome":"renewed",`,
		"operator-get.json": `{"access_token":"` + secretValue + `","token_type":"Bearer",` +
			`"issued_at":"2026-11-21T12:00:00Z","expires_at":"2026-11-21T12:05:00Z","client":"subscriptions","merchant":"DK12345678"}`,
		"operator-invite.json": `{"url":"https://consent.example/consent?invite=`,
		"operator-remove.json": `{"token":"reporting/DK12345678","removed":true,"revoked":true,"deleted":true,"message":"Sweeps look once more`,
		"operator-doctor.json": `{"checks":[{"name":"credentials","state":"ok","message":"The credentials of 4 clients`,
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			payload, err := os.ReadFile(filepath.Join("../../events", file))
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				answer, log, err := invoke(t, sandboxed(), true, string(payload))
				if err != nil || !strings.HasPrefix(answer, want) {
					t.Errorf("answered %s (%v)\nwant %s…", answer, err, want)
				}
				if strings.Contains(log, secretValue) || strings.Contains(log, "invite=") {
					t.Error("the log shows a token or an invite")
				}
				if !strings.Contains(log, `"action done"`) {
					t.Errorf("log %s, want a line that says what was done", log)
				}
			})
		})
	}
}

// Every example is run: one that nobody expects anything of proves nothing.
func TestEveryEventIsRun(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/operator-*.json")
	if err != nil || len(files) != 6 {
		t.Errorf("events: got %v (%v), want one for each action", files, err)
	}
}

// Without the stack's word no token is handed out, and none is looked for.
func TestGetIsOffByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld()
	answer, _, err := invoke(t, w, false, `{"action":"get","token":"pos"}`)
	if err != nil || len(w.served) != 0 || !strings.HasPrefix(answer, `{"error":"not_allowed","message":"`) {
		t.Errorf("asked %d times, answered %s (%v), want not_allowed", len(w.served), answer, err)
	}
}

// That there is no token is a normal answer; a store that fails is none.
func TestRefusalsAndFailures(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.serveErr = &serve.Refusal{Code: serve.ConsentRequired, Message: "revoked", Since: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	answer, _, err := invoke(t, w, true, `{"action":"get","token":"pos"}`)
	if want := `{"error":"consent_required","message":"revoked","since":"2026-11-21T12:00:00Z"}`; err != nil || answer != want {
		t.Errorf("refusal: got %s (%v), want %s", answer, err, want)
	}
	w.serveErr, w.fails = errStore, "Credentials"
	for _, payload := range []string{
		`{"action":"get","token":"pos"}`, `{"action":"status"}`, `{"action":"remove","token":"shop/DK1"}`,
		`{"action":"invite","client":"shop","merchant":"DK1"}`,
	} {
		_, log, err := invoke(t, w, true, payload)
		if err == nil || !strings.Contains(err.Error(), errStore.Error()) || !strings.Contains(log, "action failed") {
			t.Errorf("%s: got %v and log %q, want the failure in both", payload, err, log)
		}
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, payload, want string }{
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
		{"remove without a token", `{"action":"remove"}`, "token: the client's name"},
		{"remove of a path", `{"action":"remove","token":"shop/../pos"}`, "token: a merchant's name must match"},
		{"invite of nobody", `{"action":"invite","client":"shop"}`, "names no merchant"},
		{"invite of a bad client", `{"action":"invite","client":"S","merchant":"DK1"}`, "client's name must match"},
		{"invite for no time", `{"action":"invite","client":"shop","merchant":"DK1","valid_for":"59s"}`, "valid_for: must be a duration from 1m to 720h"},
		{"invite for nothing", `{"action":"invite","client":"shop","merchant":"DK1","valid_for":"0s"}`, "valid_for: must be a duration from 1m to 720h"},
		{"invite for ever", `{"action":"invite","client":"shop","merchant":"DK1","valid_for":"720h1s"}`, "valid_for: must be a duration from 1m to 720h"},
		{"invite for seconds", `{"action":"invite","client":"shop","merchant":"DK1","valid_for":"3600"}`, "valid_for: must be a duration from 1m to 720h"},
		{"invite for a number", `{"action":"invite","client":"shop","merchant":"DK1","valid_for":3600}`, "field valid_for is of another type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			answer, log, err := invoke(t, w, true, test.payload)
			if err == nil || !strings.Contains(err.Error(), test.want) || answer != "" || w.issued+len(w.served) != 0 {
				t.Errorf("answer %q, error %v; want none, and an error with %q", answer, err, test.want)
			}
			if !strings.Contains(log, "ERROR") {
				t.Errorf("log %s, want an error in it", log)
			}
		})
	}
}

func TestInvitesLastAWeek(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer, _, err := invoke(t, newWorld(), false, `{"action":"invite","client":"shop","merchant":"DK1"}`)
		if want := `"expires_at":"2000-01-08T00:00:00Z"}`; err != nil || !strings.HasSuffix(answer, want) {
			t.Errorf("answered %s (%v), want %s at its end", answer, err, want)
		}
	})
}

// Lambda hands over one JSON value; the command line whatever it has.
func TestOneEventAtATime(t *testing.T) {
	t.Parallel()
	h, err := operate.NewHandler(operate.HandlerConfig{Operator: newWorld().operator(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := h.Handle(t.Context(), []byte(`{"action":"status"}{"action":"get","token":"pos"}`))
	if err == nil || !strings.Contains(err.Error(), "followed by something else") || answer != nil {
		t.Errorf("Handle: got %v and %v, want an error", answer, err)
	}
}

func TestTokensAreRenewedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	answer, _, err := invoke(t, w, false, `{"action":"refresh","tokens":["pos","pos/DK1","pos"]}`)
	if err != nil || w.issued != 2 || strings.Count(answer, `"token":"pos"`) != 1 {
		t.Errorf("asked %d times, answered %s (%v), want each once", w.issued, answer, err)
	}
}

func TestErrorsAndLogsShowNoPayload(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{"action":"` + secretValue + `"}`, `{"` + secretValue + `":1}`, `{"action":"get","token":"` + secretValue + `/x"}`,
		`{"action":"remove","token":"/` + secretValue + `"}`,
		`{"action":"status","client":"/` + secretValue + `"}`, `"` + secretValue + `"`, secretValue,
		`{"action":"invite","client":"shop","merchant":"DK1","valid_for":"` + secretValue + `"}`,
	} {
		_, log, err := invoke(t, newWorld(), true, payload)
		if err == nil || strings.Contains(err.Error(), secretValue) || strings.Contains(log, secretValue) {
			t.Errorf("%s: got %v and log %s, want an error without the value", payload, err, log)
		}
	}
	answer, log, err := invoke(t, newWorld(), true, `{"action":"invite","client":"shop","merchant":"DK1","return_to":"https://x.example/ `+secretValue+`"}`)
	if err != nil || strings.Contains(answer+log, secretValue) {
		t.Errorf("a bad return address: got %s (%v) and log %s, want a refusal without it", answer, err, log)
	}
}

func TestNewHandlerNeedsBoth(t *testing.T) {
	t.Parallel()
	for _, config := range []operate.HandlerConfig{{Log: slog.New(slog.DiscardHandler)}, {Operator: newWorld().operator(t)}} {
		if _, err := operate.NewHandler(config); err == nil {
			t.Errorf("NewHandler: got no error")
		}
	}
}

func FuzzHandle(f *testing.F) {
	for _, seed := range []string{
		`{"action":"status"}`, `{"action":"refresh","tokens":["a"],"force":true}`, `{"action":"get","token":"a/b"}x`, `{"action":null}`,
		`{"action":"invite","client":"shop","merchant":"DK1","return_to":"https://a.example/","valid_for":"1h"}`, `{"action":"remove","token":"pos"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := operate.NewHandler(operate.HandlerConfig{Operator: newWorld().operator(t), Log: telemetry.NewLogger(io.Discard, slog.LevelError)})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := h.Handle(t.Context(), payload)
		text, marshalErr := json.Marshal(answer)
		if (err == nil) == (answer == nil) || marshalErr != nil || errors.As(err, new(*serve.Refusal)) {
			t.Errorf("Handle(%q): got %s and %v, want one of them", payload, text, err)
		}
	})
}
