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

	"token-refresher/internal/serve"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// desk answers as a server would, and notes what it was asked.
type desk struct {
	asked serve.Request
	err   error
}

const secretValue = "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.c2ln"

func (d *desk) Get(_ context.Context, r serve.Request) (token.AccessToken, error) {
	d.asked = r
	if d.err != nil {
		return token.AccessToken{}, d.err
	}
	at := time.Date(2026, 11, 21, 12, 0, 0, 999, time.FixedZone("CET", 3600))
	return token.AccessToken{ID: r.ID, Value: token.NewSecret(secretValue), Type: "Bearer", IssuedAt: at, ExpiresAt: at.Add(5 * time.Minute)}, nil
}

// invoke sends the payload through aws-lambda-go, as Lambda does.
func invoke(t *testing.T, d *desk, payload []byte) (answer, log string, err error) {
	t.Helper()
	var written bytes.Buffer
	h := &handler{server: d, log: telemetry.NewLogger(&written, slog.LevelDebug)}
	result, err := lambda.NewHandler(h.handle).Invoke(t.Context(), payload)
	return string(result), written.String(), err
}

// TestEvents runs the events that stand in the repository as examples.
func TestEvents(t *testing.T) {
	t.Parallel()
	subscriptions := token.ID{Client: "subscriptions", Merchant: "DK12345678"}
	const ofSubscriptions = `{"access_token":"` + secretValue + `","token_type":"Bearer",` +
		`"issued_at":"2026-11-21T11:00:00Z","expires_at":"2026-11-21T11:05:00Z","client":"subscriptions","merchant":"DK12345678"}`
	for file, want := range map[string]struct {
		asked  serve.Request
		answer string
	}{
		"accesstoken.json": {serve.Request{ID: subscriptions, MinTTL: time.Minute}, ofSubscriptions},
		"accesstoken-rejected.json": {serve.Request{
			ID: subscriptions, MinTTL: 2 * time.Minute, Rejected: "1bb26b06c7a9e6bd0dd3f4d4d0e56ae28c7c4d2d6ee3b0bb0e9b8a5d8a6f0c11",
		}, ofSubscriptions},
		"accesstoken-unbound.json": {serve.Request{ID: token.ID{Client: "pos"}, MinTTL: time.Minute}, `{"access_token":"` + secretValue +
			`","token_type":"Bearer","issued_at":"2026-11-21T11:00:00Z","expires_at":"2026-11-21T11:05:00Z","client":"pos"}`},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			payload, err := os.ReadFile("../../events/" + file)
			if err != nil {
				t.Fatal(err)
			}
			d := &desk{}
			answer, log, err := invoke(t, d, payload)
			if err != nil || answer != want.answer || d.asked != want.asked {
				t.Errorf("asked %+v, answered %s (%v)\nwant %+v and %s", d.asked, answer, err, want.asked, want.answer)
			}
			if log != "" {
				t.Errorf("logged %q, want nothing", log)
			}
		})
	}
}

// What a consumer may write, and what it means.
func TestFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, payload string
		want          serve.Request
	}{
		{"a field of a later version", `{"client":"pos","scope":["a"],"trace":{}}`, serve.Request{ID: token.ID{Client: "pos"}, MinTTL: time.Minute}},
		{"nulls are absent", `{"client":"pos","merchant":null,"min_ttl_seconds":null,"rejected":null}`, serve.Request{ID: token.ID{Client: "pos"}, MinTTL: time.Minute}},
		{"any life left", `{"client":"pos","min_ttl_seconds":0}`, serve.Request{ID: token.ID{Client: "pos"}}},
		{"a fraction", `{"client":"pos","min_ttl_seconds":1.5}`, serve.Request{ID: token.ID{Client: "pos"}, MinTTL: 1500 * time.Millisecond}},
		{"for ever", `{"client":"pos","min_ttl_seconds":1e300}`, serve.Request{ID: token.ID{Client: "pos"}, MinTTL: (1 << 31) * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			if _, _, err := invoke(t, d, []byte(tt.payload)); err != nil || d.asked != tt.want {
				t.Errorf("asked %+v (%v), want %+v", d.asked, err, tt.want)
			}
		})
	}
}

// That there is no token is a normal answer; a store that fails is none.
func TestRefusalsAndFailures(t *testing.T) {
	t.Parallel()
	payload := []byte(`{"client":"pos"}`)
	since := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for want, refusal := range map[string]*serve.Refusal{
		`{"error":"consent_required","message":"revoked","since":"2026-11-21T12:00:00Z"}`: {Code: serve.ConsentRequired, Message: "revoked", Since: since},
		`{"error":"unknown_token","message":"none"}`:                                      {Code: serve.UnknownToken, Message: "none"},
		`{"error":"provider_unavailable","message":"down"}`:                               {Code: serve.ProviderUnavailable, Message: "down"},
		`{"error":"client_misconfigured","message":"refused"}`:                            {Code: serve.ClientMisconfigured, Message: "refused"},
		`{"error":"not_allowed","message":"not here"}`:                                    {Code: serve.NotAllowed, Message: "not here"},
	} {
		if answer, _, err := invoke(t, &desk{err: refusal}, payload); err != nil || answer != want {
			t.Errorf("refusal: got %s (%v), want %s", answer, err, want)
		}
	}
	_, log, err := invoke(t, &desk{err: errors.New("read the journal: access denied")}, payload)
	if err == nil || !strings.Contains(err.Error(), "access denied") || !strings.Contains(log, "token not handed out") {
		t.Errorf("failure: got %v and log %q, want it in both", err, log)
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, payload, want string }{
		{"no client", `{"merchant":"DK12345678"}`, "names no client"},
		{"nothing", `null`, "names no client"},
		{"a list", `[]`, "not a JSON object"},
		{"two events", `{"client":"pos"}{"client":"pos"}`, "not a JSON object"},
		{"client of another type", `{"client":1}`, "field client is of another type"},
		{"min_ttl_seconds of another type", `{"client":"pos","min_ttl_seconds":"60"}`, "field min_ttl_seconds is of another type"},
		{"min_ttl_seconds that is no number", `{"client":"pos","min_ttl_seconds":1e999}`, "field min_ttl_seconds is of another type"},
		{"min_ttl_seconds below zero", `{"client":"pos","min_ttl_seconds":-1}`, "below zero"},
		{"rejected of another type", `{"client":"pos","rejected":true}`, "field rejected is of another type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			h := &handler{server: d, log: slog.New(slog.DiscardHandler)}
			_, err := h.handle(t.Context(), []byte(tt.payload))
			if err == nil || !strings.Contains(err.Error(), tt.want) || d.asked != (serve.Request{}) {
				t.Errorf("asked %+v, error %v; want nothing, and an error with %q", d.asked, err, tt.want)
			}
		})
	}
}

func TestErrorsAndLogsShowNoPayload(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{"client":["` + secretValue + `"]}`, `{"merchant":"` + secretValue + `"}`, `"` + secretValue + `"`, secretValue,
		`{"client":"pos","min_ttl_seconds":"` + secretValue + `"}`, `{"client":"pos","rejected":["` + secretValue + `"]}`,
	} {
		_, log, err := invoke(t, &desk{}, []byte(payload))
		if err == nil || strings.Contains(err.Error(), secretValue) || strings.Contains(log, secretValue) {
			t.Errorf("%s: got %v and log %s, want an error without the value", payload, err, log)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{`{"client":"pos"}`, `{"client":"a","merchant":"b","min_ttl_seconds":1e9,"rejected":"00"}`, `{"client":null}x`, `{"client":"a","min_ttl_seconds":-0.0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := parseEvent(payload)
		if (err == nil) == (r.ID.Client == "") || r.MinTTL < 0 {
			t.Errorf("parseEvent(%q): %+v and error %v", payload, r, err)
		}
		h := &handler{server: &desk{}, log: telemetry.NewLogger(io.Discard, slog.LevelError)}
		if answer, err := h.handle(t.Context(), payload); err == nil && answer == nil {
			t.Errorf("handle(%q) answers nothing", payload)
		}
	})
}
