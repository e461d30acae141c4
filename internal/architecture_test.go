// Package internal_test holds the shape of the whole module: which package may
// import which, which package alone knows a library, and that every package
// says what it is for. What a package does is tested beside it.
package internal_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "token-refresher"

// allowed has one row for each package, with the packages of this module that
// its shipped code may import. Test-only packages have no shipped code.
// .golangci.yml repeats it for the editor; TestLinterAgrees compares the two.
func allowed() map[string][]string {
	domain := []string{"internal/oauth", "internal/provider", "internal/refresh", "internal/secretstore", "internal/telemetry", "internal/token"}
	all := slices.Concat(domain, []string{"internal/consent", "internal/idtoken", "internal/invocation", "internal/journal", "internal/loopback", "internal/operate", "internal/publish", "internal/seal", "internal/serve"})
	functions := slices.Concat([]string{"internal/app"}, all)
	emulators := []string{
		"internal/sandbox/apigateway", "internal/sandbox/authserver", "internal/sandbox/dynamodb", "internal/sandbox/eventbridge",
		"internal/sandbox/lambda", "internal/sandbox/lock", "internal/sandbox/secretsmanager",
	}

	return map[string][]string{
		"cmd/tokens":            slices.Concat(functions, emulators, []string{"internal/importer", "internal/statuspage"}),
		"functions/accesstoken": functions,
		"functions/consent":     functions,
		"functions/operator":    functions,
		"functions/refresh":     functions,

		"internal":             nil, // this test
		"internal/app":         all,
		"internal/consent":     {"internal/consent/page", "internal/loopback", "internal/seal", "internal/token"},
		"internal/importer":    {"internal/token"},
		"internal/idtoken":     {"internal/provider", "internal/token"},
		"internal/invocation":  nil,
		"internal/journal":     {"internal/seal", "internal/token"},
		"internal/loopback":    nil,
		"internal/oauth":       {"internal/provider", "internal/token"},
		"internal/operate":     {"internal/consent", "internal/invocation", "internal/publish", "internal/refresh", "internal/serve", "internal/token"},
		"internal/provider":    {"internal/loopback", "internal/token"},
		"internal/publish":     {"internal/token"},
		"internal/refresh":     {"internal/oauth", "internal/token"},
		"internal/seal":        nil,
		"internal/secretstore": {"internal/token"},
		"internal/serve":       {"internal/oauth", "internal/refresh", "internal/token"},
		"internal/simulation":  nil, // tests of all that grants go through
		"internal/stack":       nil, // tests of the template
		"internal/statuspage":  {"internal/loopback", "internal/token"},
		"internal/telemetry":   nil,
		"internal/token":       nil,

		"internal/consent/page": {"internal/loopback"}, // what merchants see

		"internal/journal/file":        {"internal/journal", "internal/seal", "internal/token"},
		"internal/journal/journaltest": {"internal/journal", "internal/seal", "internal/token"}, // for tests: nobody ships it

		"internal/sandbox/apigateway":     {"internal/sandbox/lambda"},
		"internal/sandbox/authserver":     {"internal/token"},
		"internal/sandbox/awsjson":        nil,
		"internal/sandbox/dynamodb":       {"internal/sandbox/awsjson"},
		"internal/sandbox/eventbridge":    {"internal/sandbox/awsjson"},
		"internal/sandbox/lambda":         {"internal/token"},
		"internal/sandbox/lock":           nil,
		"internal/sandbox/moto":           nil,                       // for tests: nobody ships it
		"internal/sandbox/sandboxtest":    {"internal/sandbox/moto"}, // for tests: nobody ships it
		"internal/sandbox/secretsmanager": {"internal/sandbox/awsjson", "internal/token"},

		"internal/token/tokentest": nil, // for tests: nobody ships it
	}
}

// owners names the packages that may import a library, and with it everything
// below its path. A library that is not listed is free to use.
func owners() map[string][]string {
	return map[string][]string{
		"github.com/alecthomas/kong":                          {"cmd/tokens"},
		"github.com/aws/aws-sdk-go-v2/service/dynamodb":       {"internal/journal"},
		"github.com/aws/aws-sdk-go-v2/service/eventbridge":    {"internal/telemetry"},
		"github.com/aws/aws-sdk-go-v2/service/secretsmanager": {"internal/secretstore"},
		"github.com/aws/aws-xray-sdk-go":                      {"internal/telemetry"},
		"github.com/caarlos0/env":                             {"internal/app"},
		"github.com/schollz/progressbar":                      {"cmd/tokens"},
		"github.com/coreos/go-oidc":                           {"internal/idtoken"},
		"github.com/go-jose/go-jose":                          {"internal/idtoken"},
		"go.etcd.io/bbolt":                                    {"internal/journal/file", "internal/sandbox/authserver", "internal/sandbox/dynamodb", "internal/sandbox/lock", "internal/sandbox/secretsmanager"},
		"golang.org/x/oauth2":                                 {"internal/oauth"},

		// For tests only.
		"github.com/google/go-cmp":        {"internal/journal/journaltest"},
		"github.com/rogpeppe/go-internal": nil,
		"go.uber.org/goleak":              nil,
		"gopkg.in/yaml.v3":                nil,
		"pgregory.net/rapid":              {"internal/journal/journaltest"},
		"testing":                         {"internal/journal/journaltest", "internal/sandbox/moto", "internal/sandbox/sandboxtest"},
	}
}

func TestEveryPackageHasARow(t *testing.T) {
	t.Parallel()
	found := packages(t)
	for name := range found {
		if _, ok := allowed()[name]; !ok {
			t.Errorf("package %s has no row in allowed()", name)
		}
	}
	for name := range allowed() {
		if _, ok := found[name]; !ok {
			t.Errorf("allowed() has a row for %s, which does not exist", name)
		}
	}
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for name, pkg := range packages(t) {
		for _, imported := range pkg.imports {
			own, ok := strings.CutPrefix(imported, module+"/")
			if ok && !slices.Contains(allowed()[name], own) {
				t.Errorf("%s imports %s, want one of %v", name, own, allowed()[name])
			}
		}
	}
}

func TestLibrariesHaveOwners(t *testing.T) {
	t.Parallel()
	for name, pkg := range packages(t) {
		for _, imported := range pkg.imports {
			for library, owner := range owners() {
				if within(imported, library) && !slices.Contains(owner, name) {
					t.Errorf("%s imports %s, which only %v may", name, imported, owner)
				}
			}
		}
	}
}

func TestTokenIsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, imported := range packages(t)["internal/token"].imports {
		if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
			t.Errorf("internal/token imports %s, want the standard library only", imported)
		}
	}
}

func TestPackageNamesSayWhatIsInside(t *testing.T) {
	t.Parallel()
	for name := range packages(t) {
		if slices.Contains([]string{"utils", "util", "common", "types", "helpers", "misc", "models"}, path.Base(name)) {
			t.Errorf("package %s: the name says nothing about what it owns", name)
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	t.Parallel()
	for name, pkg := range packages(t) {
		if pkg.comments != 1 {
			t.Errorf("package %s has %d package comments, want 1", name, pkg.comments)
		}
	}
}

func TestLinterAgrees(t *testing.T) {
	t.Parallel()
	rules := depguardRules(t)
	for _, name := range slices.Sorted(maps.Keys(allowed())) {
		pkg := packages(t)[name]
		if pkg.testOnly || name == "internal/sandbox/moto" {
			continue
		}
		ruleName := strings.ReplaceAll(strings.TrimPrefix(name, "internal/"), "/", "-")
		rule, ok := rules[ruleName]
		if !ok {
			t.Errorf("depguard has no rule %s for %s", ruleName, name)
			continue
		}
		rule.check(t, ruleName, name, allowed()[name])
	}
}

func within(imported, library string) bool {
	return imported == library || strings.HasPrefix(imported, library+"/")
}
