package main

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
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
			provider := httptest.NewServer(http.HandlerFunc(provide))
			env.Defer(provider.Close)
			secrets, err := openVault(env)
			if err != nil {
				return err
			}
			for name, value := range map[string]string{
				"LAMBDA": operator.URL, "SECRETS": secrets, "PROVIDER": provider.URL, "STAMP": liveGrant().Stamp,
				"AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
				"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
			} {
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"usage": usage, "secret": readSecret, "put": putSecret, "versions": countVersions, "tags": readTags, "expand": expand,
		},
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
