package stack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// SAM publishes a version of changed code and not of a parameter's changed value:
// a client taken out of AllowedClients would be served by the alias for ever. So
// what is uploaded differs whenever the settings do, and only then.
func TestDeployPublishesChangedSettings(t *testing.T) {
	t.Parallel()
	settings, err := os.ReadFile("../../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	change := func(section string) string {
		header := "[" + section + ".deploy.parameters]\n"
		return strings.Replace(string(settings), header, header+"changed = true\n", 1)
	}
	before := uploaded(t, string(settings), "staging")
	tests := []struct {
		name, settings, environment string
		same                        bool
	}{
		{"nothing changed", string(settings), "staging", true},
		{"its own section", change("staging"), "staging", false},
		{"the other's section", change("production"), "staging", true},
		{"the other environment", string(settings), "production", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			after := uploaded(t, test.settings, test.environment)
			for name, content := range before {
				if got := after[name] == content; got != test.same {
					t.Errorf("%s is uploaded unchanged: %v, want %v", name, got, test.same)
				}
			}
		})
	}
}

// What stands in ENV is compared and never executed, however it is quoted.
func TestDeployRefusesOtherEnvironments(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	for _, environment := range []string{"", "test", "staging production", "stag.*", "-x", "x; touch y", "x'; touch y; '", `x"; touch y; "`, "$$(touch y)", "`touch y`"} {
		command, tree := deployment(t, "[staging.deploy.parameters]\n[production.deploy.parameters]\n", environment)
		command.Path, command.Args = program, []string{"make", "deploy", "ENV=" + environment}
		text, err := command.CombinedOutput()
		if err == nil || command.ProcessState.ExitCode() != 2 || !strings.Contains(string(text), "ENV is one of: staging production") {
			t.Errorf("ENV=%q: %v, want exit code 2 and the names that there are:\n%s", environment, err, text)
		}
		if _, err := os.Stat(filepath.Join(tree, "y")); err == nil {
			t.Errorf("ENV=%q was executed", environment)
		}
	}
}

// Lambda runs the program as a user that does not own it.
func TestDeployUploadsWhatLambdaMayRun(t *testing.T) {
	t.Parallel()
	command, tree := deployment(t, "[staging.deploy.parameters]\n", "staging")
	command.Path, command.Args = "/bin/sh", []string{"sh", "-c", "umask 077 && sh .ci/deploy staging"}
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf(".ci/deploy staging: %v\n%s", err, text)
	}
	for name, want := range map[string]os.FileMode{"bootstrap": 0o755, "settings": 0o644} {
		info, err := os.Stat(filepath.Join(tree, "build", "refresh", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got != want {
			t.Errorf("%s has mode %v, want %v", name, got, want)
		}
	}
}

// uploaded is what SAM would upload for each function.
func uploaded(t *testing.T, settings, environment string) map[string]string {
	t.Helper()
	command, tree := deployment(t, settings, environment)
	if text, err := command.CombinedOutput(); err != nil || string(text) != "sam deploy --config-env "+environment+"\n" {
		t.Fatalf(".ci/deploy %s: %v\n%s", environment, err, text)
	}
	all := map[string]string{}
	for _, function := range []string{"refresh", "operator"} {
		folder := filepath.Join(tree, "build", function)
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(filepath.Join(folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all[function] += file.Name() + ":" + string(content)
		}
	}
	return all
}

// deployment is the command in a tree of its own, where make and sam are stubs.
func deployment(t *testing.T, settings, environment string) (command *exec.Cmd, tree string) {
	t.Helper()
	tree = t.TempDir()
	files := map[string]string{
		"samconfig.toml": settings,
		"bin/make":       "#!/bin/sh\nmkdir -p build/refresh build/operator\necho program | tee build/refresh/bootstrap >build/operator/bootstrap\n",
		"bin/sam":        "#!/bin/sh\necho sam \"$@\"\n",
	}
	for _, name := range []string{"Makefile", ".ci/deploy", ".ci/lib.sh"} {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(content)
	}
	for name, content := range files {
		file := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	command = exec.CommandContext(t.Context(), "sh", ".ci/deploy", environment)
	command.Dir = tree
	command.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=", "PATH="+filepath.Join(tree, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	return command, tree
}
