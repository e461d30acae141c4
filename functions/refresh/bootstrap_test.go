package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"token-refresher/internal/token"
)

// posSecret has every character that some encoding treats specially.
const posSecret = `p+s/s=e&c%r"e t:1`

// variables lead the function to the rig's provider and to nothing else.
func variables(prefix string) map[string]string {
	return map[string]string{
		"GRANT_TYPE": "client_credentials", "PROVIDER_HOSTS": "127.0.0.1", "LOG_LEVEL": "debug",
		"SECRET_PREFIX": prefix, "SECRET_TAGS": "team=payments",
	}
}

// TestBootstrap runs the shipped binary as Lambda does, over both Secrets
// Managers.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	path := bootstrap(t)
	for name, start := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := start(t)
			t.Run("the life of a client", func(t *testing.T) {
				t.Parallel()
				testLife(t, newRig(t, path, endpoint, variables("life")))
			})
			t.Run("bad neighbours", func(t *testing.T) {
				t.Parallel()
				testBadNeighbours(t, newRig(t, path, endpoint, variables("neighbours")))
			})
		})
	}
	t.Run("configuration faults", func(t *testing.T) {
		t.Parallel()
		testConfigurationFaults(t, path)
	})
	t.Run("no store", func(t *testing.T) {
		t.Parallel()
		testNoStore(t, newRig(t, path, unreachable, variables("none")))
	})
	t.Run("no X-Ray daemon", func(t *testing.T) {
		t.Parallel()
		testNoDaemon(t, path)
	})
}

// unreachable is an endpoint that nobody listens at.
const unreachable = "http://127.0.0.1:1"

// testLife takes a client through its first two sweeps.
func testLife(t *testing.T, r *rig) {
	t.Helper()
	r.register(t, "pos-id", posSecret)
	r.store(t, "pos", r.credentials("pos-id", posSecret, `,"merchants":["DK12345678","FI12345678"]`), posSecret)

	first := r.sweep(t)
	if first.Due != 3 || first.Renewed != 3 || len(first.Failed) != 0 || first.Remaining != 0 {
		t.Fatalf("first sweep: got %+v, want 3 renewed\n%s", first, r.captured.text("log"))
	}
	r.checkPublished(t)

	second := r.sweep(t)
	if second.Due != 0 || second.NotDue != 3 || second.Renewed != 0 {
		t.Errorf("second sweep: got %+v, want 3 not due", second)
	}
	if left := second.LowestLifeLeftPercent; left == nil || *left < 90 {
		t.Errorf("second sweep: lowest life left: got %v, want more than 90", left)
	}
	if got := len(r.provider.Issued()); got != 3 {
		t.Errorf("tokens issued: got %d, want 3", got)
	}
	r.finish(t)
	r.checkTelemetry(t)
	r.checkLeaks(t)
}

// testBadNeighbours puts a client between others whose credentials cannot be
// used: each is named, none is overwritten, and the client is served.
func testBadNeighbours(t *testing.T, r *rig) {
	t.Helper()
	r.register(t, "pos-id", posSecret)
	r.store(t, "pos", r.credentials("pos-id", posSecret, ""), posSecret)
	bad := r.badCredentials()
	for _, client := range slices.Sorted(maps.Keys(bad)) {
		r.store(t, client, bad[client].value, bad[client].secret)
	}

	got := r.sweep(t)
	r.finish(t)
	if got.Renewed != 1 {
		t.Errorf("renewed: got %d, want the one of pos\n%s", got.Renewed, r.captured.text("log"))
	}
	failed := map[string]string{}
	for _, failure := range got.Failed {
		failed[failure.Token] = failure.Error
	}
	for client, one := range bad {
		if !strings.Contains(failed[client], one.problem) {
			t.Errorf("%s: reported as %q, want %q in it", client, failed[client], one.problem)
		}
		if value, _ := r.read(t, r.prefix+"/"+client+"/credentials"); value != one.value {
			t.Errorf("%s: the credentials were overwritten", client)
		}
	}
	if len(failed) != len(bad) {
		t.Errorf("failed: got %q, want %d", failed, len(bad))
	}
	r.checkLeaks(t)
}

// bad are credentials that cannot be used, and what is to be said of them.
type bad struct{ value, secret, problem string }

func (r *rig) badCredentials() map[string]bad {
	own := func(secret, more string) string { return r.credentials("pos-id", secret, more) }
	return map[string]bad{
		"not-json":       {`client_secret=not+json/secret=1`, `not+json/secret=1`, "JSON"},
		"no-id":          {`{"provider":"vipps-test","client_secret":"no-id/secret+1"}`, "no-id/secret+1", "client_id is missing"},
		"unknown-preset": {`{"provider":"preset/secret+1","client_id":"a","client_secret":"b-secret-1"}`, "preset/secret+1", "preset"},
		"bad-vat":        {own("vat/secret+1", `,"merchants":["SE12345678"]`), "vat/secret+1", "merchants[0]"},
		"plain-http": {
			`{"provider":{"grant_type":"client_credentials","token_endpoint":"http://api.mobilepay.dk/t"},"client_id":"a","client_secret":"http/secret+1"}`,
			"http/secret+1", "https",
		},
		"other-host": {
			`{"provider":{"grant_type":"client_credentials","token_endpoint":"https://tokens.example.com/t"},"client_id":"a","client_secret":"host/secret+1"}`,
			"host/secret+1", "PROVIDER_HOSTS",
		},
		"wrong-secret": {own("wrong/secret+1", ""), "wrong/secret+1", "invalid_client"},
	}
}

// testConfigurationFaults starts the binary with a wrong environment: the init
// fails and one line names every fault.
func testConfigurationFaults(t *testing.T, path string) {
	t.Helper()
	const misplaced = "misplaced/secret+value=1"
	r := newRig(t, path, unreachable, map[string]string{
		"GRANT_TYPE": misplaced, "SWEEP_INTERVAL": misplaced, "RECONCILE_INTERVAL": "1s", "SECRET_WRITE_INTERVAL": misplaced,
		"REFRESH_CONCURRENCY": misplaced, "SECRET_WRITES_PER_SECOND": "0", "SECRET_PREFIX": "a//" + misplaced,
		"PROVIDER_HOSTS": "https://" + misplaced, "SECRET_TAGS": misplaced + "!", "LOG_LEVEL": misplaced,
	})
	r.planted = append(r.planted, token.NewSecret(misplaced))

	result := r.invoke(t, sweepEvent(t))
	r.finish(t)
	if result.FunctionError == "" || !strings.Contains(string(result.Payload), "exit status 1") {
		t.Errorf("Invoke: got %q with %s, want a failed init with exit status 1", result.FunctionError, result.Payload)
	}
	var line struct {
		Level  string
		Faults []string
	}
	first, _, _ := strings.Cut(r.captured.text("log"), "\n")
	if err := json.Unmarshal([]byte(first), &line); err != nil || line.Level != "ERROR" {
		t.Fatalf("log: got %q, want a line at ERROR", first)
	}
	for _, name := range []string{
		"GRANT_TYPE", "SWEEP_INTERVAL", "SECRET_WRITE_INTERVAL", "REFRESH_CONCURRENCY",
		"SECRET_WRITES_PER_SECOND", "SECRET_PREFIX", "PROVIDER_HOSTS", "SECRET_TAGS", "LOG_LEVEL",
	} {
		if !slices.ContainsFunc(line.Faults, func(fault string) bool { return strings.HasPrefix(fault, name+": ") }) {
			t.Errorf("faults: got %q, want %s among them", line.Faults, name)
		}
	}
	r.checkLeaks(t)
}

// testNoStore: a sweep that can do nothing fails the invocation, and completes
// nothing.
func testNoStore(t *testing.T, r *rig) {
	t.Helper()
	result := r.invoke(t, sweepEvent(t))
	r.finish(t)
	if result.FunctionError == "" || !strings.Contains(string(result.Payload), "listing credentials") {
		t.Errorf("Invoke: got %q with %s, want a failure that names the step", result.FunctionError, result.Payload)
	}
	if strings.Contains(r.captured.text("log"), "SweepCompleted") {
		t.Errorf("log: got SweepCompleted of a sweep that did nothing")
	}
	r.checkLeaks(t)
}

// testNoDaemon: without an X-Ray daemon a sweep does the same, and nothing is
// printed about it.
func testNoDaemon(t *testing.T, path string) {
	t.Helper()
	environment := variables("life")
	environment["AWS_XRAY_DAEMON_ADDRESS"] = "127.0.0.1:1"
	r := newRig(t, path, backends()["sandbox"](t), environment)
	r.register(t, "pos-id", posSecret)
	r.store(t, "pos", r.credentials("pos-id", posSecret, ""), posSecret)
	for range 2 { // the second finds out that nobody took the first one's packets
		r.sweep(t)
	}
	r.finish(t)
	r.checkLog(t)
}
