package internal_test

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// depguardRule is one entry of linters.settings.depguard.rules in .golangci.yml.
type depguardRule struct {
	ListMode string   `yaml:"list-mode"`
	Files    []string `yaml:"files"`
	Allow    []string `yaml:"allow"`
	Deny     []struct {
		Pkg string `yaml:"pkg"`
	} `yaml:"deny"`
}

func depguardRules(t *testing.T) map[string]depguardRule {
	t.Helper()
	content, err := os.ReadFile("../.golangci.yml")
	if err != nil {
		t.Fatalf("read the linter's settings: %v", err)
	}
	var settings struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]depguardRule `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(content, &settings); err != nil {
		t.Fatalf("parse the linter's settings: %v", err)
	}
	return settings.Linters.Settings.Depguard.Rules
}

// check compares a rule with the row of the package it is for: everything of
// this module is denied, but what the row names.
func (rule depguardRule) check(t *testing.T, name, pkg string, row []string) {
	t.Helper()
	if got, want := rule.Files, []string{"**/" + pkg + "/*.go", "!$test"}; !slices.Equal(got, want) {
		t.Errorf("depguard rule %s: files are %v, want %v", name, got, want)
	}
	if pkg == "internal/token" {
		if rule.ListMode != "strict" || !slices.Equal(rule.Allow, []string{"$gostd"}) {
			t.Errorf("depguard rule %s: got %s %v, want strict [$gostd]", name, rule.ListMode, rule.Allow)
		}
		return
	}
	if rule.ListMode != "lax" || len(rule.Deny) == 0 || rule.Deny[0].Pkg != module {
		t.Errorf("depguard rule %s: want list-mode lax that denies %s first", name, module)
	}
	var want []string
	for _, allowed := range row {
		want = append(want, module+"/"+allowed)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(rule.Allow))); diff != "" {
		t.Errorf("depguard rule %s differs from the row of %s (-row +rule):\n%s", name, pkg, diff)
	}
}
