package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(cleaner{m}, map[string]func(){"tokens": main})
}

// cleaner removes what the tests built.
type cleaner struct{ tests *testing.M }

func (c cleaner) Run() int {
	defer func() { _ = os.RemoveAll(buildDir()) }()
	return c.tests.Run()
}

// TestScripts runs the transcripts in testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			env.Defer(func() { _ = taken.Close() })
			env.Setenv("TAKEN", taken.Addr().String())
			operator := httptest.NewServer(http.HandlerFunc(answer))
			env.Defer(operator.Close)
			for name, value := range map[string]string{
				"LAMBDA": operator.URL, "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
				"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
			} {
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"usage": usage},
	})
}

// usage runs a command that must exit with 2 and print nothing to standard
// output.
func usage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: usage command [argument...]")
	}
	err := ts.Exec(args[0], args[1:]...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != exitUsage {
		ts.Fatalf("exit: got %v, want code %d", err, exitUsage)
	}
	if stdout := ts.ReadFile("stdout"); stdout != "" {
		ts.Fatalf("standard output: got %q, want nothing", stdout)
	}
}

// answers are what an operator function would say, by function and event.
func answers() map[string]string {
	return map[string]string{
		`operator {"action":"get","token":"pos"}`: `{"access_token":"t0ken","token_type":"Bearer","scope":"s",` +
			`"issued_at":"2026-11-21T12:00:00Z","expires_at":"2026-11-21T13:01:40Z","client":"pos"}`,
		`operator {"action":"get","token":"pos/DK1"}`: `{"error":"unknown_token","message":"there is none"}`,
		`operator {"action":"status","client":"","merchant":""}`: `{"clients":[{"client":"kiosk","grant_type":"client_credentials",` +
			`"problem":"not a JSON object","tokens":[]},{"client":"reporting","grant_type":"authorization_code","tokens":[` +
			`{"token":"reporting/DK1","state":"fresh","expires_at":"2026-11-21T13:01:40Z","due_at":"2026-11-21T12:50:00Z","revision":7,"published_revision":5},` +
			`{"token":"reporting/DK2","state":"consent_required","reason":"revoked","since":"2026-11-21T11:00:00Z","revision":3}]}]}`,
		`operator {"action":"refresh","force":false,"tokens":["pos","pos/DK1"]}`: `{"tokens":[` +
			`{"token":"pos","outcome":"renewed","expires_at":"2026-11-21T13:01:40Z","published":true},` +
			`{"token":"pos/DK1","outcome":"failed","error":"unknown_token: there is none","published":false}]}`,
		`prod-operator {"action":"refresh","force":true,"tokens":["pos"]}`: `{"tokens":[{"token":"pos","outcome":"renewed","published":true}]}`,
		`later {"action":"get","token":"pos"}`:                             `["something"]`,
	}
}

// answer is Lambda's Invoke. It knows a function that fails, and none that is
// not named above.
func answer(w http.ResponseWriter, r *http.Request) {
	payload, _ := io.ReadAll(r.Body)
	name := strings.Split(r.URL.Path, "/")[3]
	found, known := answers()[name+" "+string(payload)]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=test/"):
		w.WriteHeader(http.StatusForbidden)
	case name == "broken":
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprint(w, `{"errorMessage":"read credentials: access denied"}`)
	case !known:
		w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException:http://internal.amazon.com/")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"Message":"Function not found"}`)
	default:
		fmt.Fprint(w, found)
	}
}
