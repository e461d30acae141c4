package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/secretsmanager"
)

// While somebody types a secret, somebody else changes the client: neither of
// the two changes is lost without a word.
func TestClientPutNoticesAnotherOne(t *testing.T) {
	awsForTests(t)
	vault, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(t.TempDir(), "vault.db"), ListLag: -1, Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vault.Close() })
	server := httptest.NewServer(vault)
	t.Cleanup(server.Close)
	ofAWS := func(name string) (string, bool) {
		value, set := os.LookupEnv(name)
		return value, set && strings.HasPrefix(name, "AWS_")
	}
	put := func(in *reading, more ...string) (code int, stderr string) {
		var out, faults bytes.Buffer
		args := append([]string{"client", "put", "pos", "--endpoint-url", server.URL}, more...)
		return run(t.Context(), args, process{in: in, out: &out, err: &faults, lookup: ofAWS}), faults.String()
	}
	secret := []string{"--secret-file", "-"}
	typed := func(before func()) *reading { return &reading{Reader: strings.NewReader("s3cret"), before: before} }
	if code, stderr := put(typed(nil), append(secret, "--provider", "mobilepay-integrator-sandbox", "--client-id", "a")...); code != exitDone {
		t.Fatalf("client put: exit code %d, %s", code, stderr)
	}
	code, stderr := put(typed(func() {
		if code, stderr := put(nil, "--merchant", "DK12345678"); code != exitDone {
			t.Errorf("client put meanwhile: exit code %d, %s", code, stderr)
		}
	}), append(secret, "--scope", "more")...)
	if code != exitFailed || !strings.Contains(stderr, "changed meanwhile") {
		t.Errorf("client put over it: exit code %d, %q; want it refused", code, stderr)
	}
	if code, stderr := put(typed(nil), append(secret, "--scope", "more")...); code != exitDone {
		t.Errorf("client put again: exit code %d, %s", code, stderr)
	}
}

// reading is standard input that lets something happen before it is read.
type reading struct {
	*strings.Reader
	before func()
}

func (r *reading) Read(p []byte) (int, error) {
	if before := r.before; before != nil {
		r.before = nil
		before()
	}
	return r.Reader.Read(p)
}
