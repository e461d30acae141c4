package stack_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// What make builds, what SAM uploads and where the source is are the same
// folder: build/NAME for functions/NAME.
func TestCodeURIIsWhatMakeBuilds(t *testing.T) {
	t.Parallel()
	var template struct {
		Resources map[string]struct {
			Type     string `yaml:"Type"`
			Metadata struct {
				SkipBuild bool `yaml:"SkipBuild"`
			} `yaml:"Metadata"`
			Properties struct {
				CodeURI string `yaml:"CodeUri"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	content, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(content, &template); err != nil {
		t.Fatalf("parse template.yaml: %v", err)
	}
	plan := makePlan(t)
	found := 0
	for id, resource := range template.Resources {
		if resource.Type != "AWS::Serverless::Function" {
			continue
		}
		found++
		name := filepath.Base(resource.Properties.CodeURI)
		if got, want := resource.Properties.CodeURI, "build/"+name+"/"; got != want {
			t.Errorf("%s: CodeUri is %q, want %q", id, got, want)
		}
		if want := fmt.Sprintf("-o build/%s/bootstrap ./functions/%s\n", name, name); !strings.Contains(plan, want) {
			t.Errorf("%s: make build does not run go build %sbut:\n%s", id, want, plan)
		}
		if !resource.Metadata.SkipBuild {
			t.Errorf("%s: sam build would build it once more, and differently", id)
		}
	}
	if found == 0 {
		t.Fatal("the template has no function")
	}
}

// makePlan is what `make build ARCH=arm64` would run.
func makePlan(t *testing.T) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "make", "--no-print-directory", "-n", "build", "ARCH=arm64")
	command.Dir = "../.."
	command.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	plan, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("make -n build ARCH=arm64: %v\n%s", err, plan)
	}
	for _, line := range strings.Split(string(plan), "\n") {
		if strings.Contains(line, "/bootstrap ") && !strings.HasPrefix(line, "GOOS=linux GOARCH=arm64 CGO_ENABLED=0 ") {
			t.Errorf("make builds for another machine than Lambda's: %s", line)
		}
	}
	return string(plan)
}

func TestEventsDecode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("found events %v, error %v", files, err)
	}
	for _, file := range files {
		if event := readEvent(t, file); event["action"] == nil {
			t.Errorf("%s has no action", file)
		}
	}
}

func TestScheduleSendsTheEvent(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	schedule := stack.properties(t, "RefreshSchedule")
	var sent map[string]any
	if err := json.Unmarshal([]byte(at(schedule, "Target", "Input").(string)), &sent); err != nil {
		t.Fatalf("the schedule's input is not JSON: %v", err)
	}
	if want := readEvent(t, "../../events/refresh-sweep.json"); !reflect.DeepEqual(sent, want) {
		t.Errorf("the schedule sends %v, want %v", sent, want)
	}
	if got, want := schedule["ScheduleExpression"], "rate(1 minute)"; got != want {
		t.Errorf("the schedule is %v, want %v", got, want)
	}
	if got, want := environment(t, stack, "RefreshFunction")["SWEEP_INTERVAL"], "1m"; got != want {
		t.Errorf("the function believes in an interval of %s, want %s", got, want)
	}
}

func readEvent(t *testing.T, file string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var event map[string]any
	if err := json.Unmarshal(content, &event); err != nil {
		t.Fatalf("parse %s: %v", file, err)
	}
	return event
}

var override = regexp.MustCompile(`(?m)^  "([A-Za-z]+)=(.*)",$`)

// A misspelt parameter or a value that is not allowed would fail at deployment.
func TestSettingsFitTheParameters(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	settings, err := os.ReadFile("../../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	overrides := override.FindAllStringSubmatch(string(settings), -1)
	if len(overrides) == 0 {
		t.Fatal("samconfig.toml overrides no parameter")
	}
	for _, match := range overrides {
		parameter, ok := stack.Parameters[match[1]]
		if !ok {
			t.Errorf("samconfig.toml sets %s, which the template does not have", match[1])
			continue
		}
		if !parameter.takes(t, match[2]) {
			t.Errorf("samconfig.toml sets %s to %q, which the template refuses", match[1], match[2])
		}
	}
}

func TestParametersRefuseWhatIsUnsafe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, parameter, value string
		want                   bool
	}{
		{"plain prefix", "SecretPrefix", "mobilepay", true},
		{"prefix in parts", "SecretPrefix", "team/tokens", true},
		{"prefix that is a pattern", "SecretPrefix", "*", false},
		{"prefix with a wildcard", "SecretPrefix", "mobile?ay", false},
		{"empty prefix", "SecretPrefix", "", false},
		{"prefix that ends in a slash", "SecretPrefix", "mobilepay/", false},
		{"no hosts", "ProviderHosts", "", true},
		{"hosts", "ProviderHosts", "api.mobilepay.dk,api.vipps.no", true},
		{"host with a wildcard", "ProviderHosts", "*.mobilepay.dk", false},
		{"URL instead of a host", "ProviderHosts", "https://api.mobilepay.dk", false},
		{"key", "SecretKmsKeyId", keyARN, true},
		{"alias instead of a key", "SecretKmsKeyId", "alias/aws/secretsmanager", false},
		{"every key", "SecretKmsKeyId", "arn:aws:kms:eu-west-1:123456789012:key/*", false},
		{"tags", "SecretTags", "team=payments,cost-centre=42", true},
		{"tag without a value", "SecretTags", "team", false},
		{"level", "LogLevel", "warn", true},
		{"unknown level", "LogLevel", "trace", false},
	}
	stack := load(t, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := stack.Parameters[test.parameter].takes(t, test.value); got != test.want {
				t.Errorf("%s takes %q: %v, want %v", test.parameter, test.value, got, test.want)
			}
		})
	}
	for name, parameter := range stack.Parameters {
		if !parameter.takes(t, fmt.Sprint(parameter.Default)) {
			t.Errorf("%s refuses its own default, %v", name, parameter.Default)
		}
	}
}

// takes judges a value as CloudFormation does.
func (p parameter) takes(t *testing.T, value string) bool {
	t.Helper()
	if p.AllowedValues != nil && !slices.ContainsFunc(p.AllowedValues, func(allowed any) bool { return fmt.Sprint(allowed) == value }) {
		return false
	}
	pattern, err := regexp.Compile(p.AllowedPattern)
	if err != nil {
		t.Fatalf("pattern %s: %v", p.AllowedPattern, err)
	}
	return pattern.MatchString(value)
}
