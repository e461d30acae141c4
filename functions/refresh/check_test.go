package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/token"
)

// published is the access-token JSON of docs/contract.md, as a consumer reads
// it.
type published struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	Scope       string    `json:"scope"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Client      string    `json:"client"`
	Merchant    *string   `json:"merchant"`
}

// checkPublished compares what consumers read with what the provider issued.
func (r *rig) checkPublished(t *testing.T) {
	t.Helper()
	issued := map[string]token.Secret{}
	for _, one := range r.provider.Issued() {
		issued[one.Merchant] = one.Token
	}
	for merchant, name := range map[string]string{
		"":           "pos/access-token",
		"DK12345678": "pos/DK12345678/access-token",
		"FI12345678": "pos/FI12345678/access-token",
	} {
		name = r.prefix + "/" + name
		value, found := r.read(t, name)
		var p published
		if err := json.Unmarshal([]byte(value), &p); !found || err != nil {
			t.Errorf("%s: found %v, decode: %v", name, found, err)
			continue
		}
		if !issued[merchant].Equal(token.NewSecret(p.AccessToken)) {
			t.Errorf("%s: not the token that was issued for %q", name, merchant)
		}
		if p.TokenType != "Bearer" || p.Client != "pos" || p.ExpiresAt.Sub(p.IssuedAt) != 3700*time.Second {
			t.Errorf("%s: type %q, client %q, lives %s", name, p.TokenType, p.Client, p.ExpiresAt.Sub(p.IssuedAt))
		}
		if (p.Merchant == nil) != (merchant == "") || p.Merchant != nil && *p.Merchant != merchant {
			t.Errorf("%s: merchant does not fit the name", name)
		}
	}
}

// finish ends the function's processes: what they printed arrives after their
// answers, and all of it has arrived when they are gone.
func (r *rig) finish(t *testing.T) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// checkTelemetry looks for the metrics and phases of two sweeps.
func (r *rig) checkTelemetry(t *testing.T) {
	t.Helper()
	if got := strings.Count(r.captured.text("log"), `"SweepCompleted":1`); got != 2 {
		t.Errorf("SweepCompleted: written %d times, want 2\n%s", got, r.captured.text("log"))
	}
	r.checkLog(t)
	for _, phase := range []string{`"name":"plan"`, `"name":"renew"`} {
		r.eventually(t, "X-Ray is sent "+phase+" twice", func() bool { return strings.Count(r.captured.text("xray"), phase) == 2 })
	}
}

// checkLog holds every line to be JSON, as CloudWatch is to read it.
func (r *rig) checkLog(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(r.captured.text("log")) {
		if !json.Valid([]byte(line)) {
			t.Errorf("log: got a line that is no JSON: %s", line)
		}
	}
}

// eventually waits for packets, which nobody acknowledges.
func (r *rig) eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Errorf("not so: %s", what)
			return
		}
	}
}

// checkLeaks searches everything that left the function for every secret that
// it could know. What it writes to Secrets Manager and sends to the provider is
// where secrets belong.
func (r *rig) checkLeaks(t *testing.T) {
	t.Helper()
	secrets := slices.Concat(r.planted, r.provider.Secrets())
	if leaks := r.captured.leaks(secrets); len(leaks) > 0 {
		t.Errorf("secrets leaked: %q", leaks)
	}
	for _, stream := range []string{"log", "answers"} {
		if r.captured.text(stream) == "" {
			t.Errorf("nothing was captured of %s", stream)
		}
	}
}
