package stack_test

import (
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whoever builds a commit gets the programs that others got, bit for bit: from a
// clone as from a copy without its history, wherever it lies.
func TestBuildsAreReproducible(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIPPED: git is not installed")
	}
	clone, copied := filepath.Join(t.TempDir(), "clone"), filepath.Join(t.TempDir(), "somewhere", "else")
	for _, tree := range []string{clone, copied} {
		copySources(t, tree)
	}
	identity := []string{"-c", "user.name=test", "-c", "user.email=test@example.com"}
	for _, arguments := range [][]string{{"init", "--quiet"}, {"add", "--all"}, {"commit", "--quiet", "--message", "sources"}} {
		command := exec.CommandContext(t.Context(), "git", append(identity, arguments...)...)
		command.Dir = clone
		command.Env = withoutGit(os.Environ())
		if text, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", arguments, err, text)
		}
	}
	for _, architecture := range []string{"arm64", "amd64"} {
		ours, theirs := builds(t, clone, architecture), builds(t, copied, architecture)
		for name, program := range ours {
			t.Logf("%s for %s: %d bytes", name, architecture, program.size)
			if theirs[name] != program {
				t.Errorf("%s for %s: a copy builds another program than a clone", name, architecture)
			}
		}
		if len(ours) != 4 {
			t.Errorf("%d functions are built, want 4", len(ours))
		}
	}
}

// program is one built function.
type program struct {
	size int
	hash [sha256.Size]byte
}

func builds(t *testing.T, tree, architecture string) map[string]program {
	t.Helper()
	to := t.TempDir()
	if err := buildFunctions(tree, to, architecture); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(to, "*", "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]program{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(file))] = program{len(content), sha256.Sum256(content)}
	}
	return all
}

// copySources copies what a build reads.
func copySources(t *testing.T, to string) {
	t.Helper()
	for _, name := range []string{"functions", "internal"} {
		if err := os.CopyFS(filepath.Join(to, name), os.DirFS(filepath.Join("../..", name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// withoutGit takes away what would lead git to another repository, as in a hook.
func withoutGit(environment []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool { return strings.HasPrefix(variable, "GIT_") })
}
