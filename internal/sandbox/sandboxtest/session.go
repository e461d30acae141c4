package sandboxtest

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/moto"
)

// A Step is one command of a session with the aws command line.
type Step struct {
	Name      string
	Arguments []string // behind the service
	Want      string   // part of the output; a failing command must fail with it
	Fails     bool
}

// Session runs commands of one service against an emulator with the aws command
// line, until one does not do what it should. The variable is the one that AWS
// has for the service's endpoint.
func Session(t *testing.T, service, variable, endpoint string, steps []Step) {
	t.Helper()
	path, err := exec.LookPath("aws")
	if err != nil {
		moto.Missing(t, "aws")
	}
	for _, step := range steps {
		cmd := exec.CommandContext(t.Context(), path, append([]string{service, "--output", "json"}, step.Arguments...)...)
		cmd.Env = append(environment(), variable+"="+endpoint)
		out, err := cmd.CombinedOutput()
		if (err != nil) != step.Fails || !strings.Contains(string(out), step.Want) {
			t.Fatalf("%s: error %v, output %s, want failure %t and %q", step.Name, err, out, step.Fails, step.Want)
		}
	}
}

// environment is this process's without the caller's own AWS settings.
func environment() []string {
	return append(moto.Environ(), "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_PAGER=")
}
