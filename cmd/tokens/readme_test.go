package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// readme is where the snippets and commands stand that people paste.
const readme = "../../README.md"

func readmeText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shellFence is what the README tells to type.
var shellFence = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestCommandsOfTheReadme parses each command line of build/tokens there: one
// that is no longer understood must not stay.
func TestCommandsOfTheReadme(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, fence := range shellFence.FindAllStringSubmatch(readmeText(t), -1) {
		for line := range strings.Lines(strings.ReplaceAll(fence[1], "\\\n", " ")) {
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "build/tokens" {
				continue
			}
			var known commands
			parser, err := kong.New(&known, kong.Name("tokens"))
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.Parse(words[1:])
			if err != nil {
				t.Errorf("%s: %v", strings.Join(words, " "), err)
				continue
			}
			seen = append(seen, parsed.Command())
		}
	}
	slices.Sort(seen)
	want := []string{"client put <name>", "doctor", "get <token>", "invite <token>", "status"}
	if got := slices.Compact(seen); !slices.Equal(got, want) {
		t.Errorf("commands of the README: got %q, want %q", got, want)
	}
}

// readmeLink is a link to a file of the repository, with or without a heading.
var readmeLink = regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)

func TestLinksOfTheReadme(t *testing.T) {
	t.Parallel()
	links := readmeLink.FindAllStringSubmatch(readmeText(t), -1)
	for _, link := range links {
		text, err := os.ReadFile("../../" + link[1])
		if err != nil {
			t.Errorf("link to %s: %v", link[1], err)
		}
		heading := strings.ReplaceAll(strings.TrimPrefix(link[2], "#"), "-", " ")
		if heading != "" && !strings.Contains(strings.ToLower(string(text)), "# "+heading+"\n") {
			t.Errorf("link to %s: it has no heading %q", link[1], heading)
		}
	}
	if len(links) < 8 {
		t.Errorf("links of the README: got %d, want those to the documentation", len(links))
	}
}
