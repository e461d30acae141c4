package stack_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// template is what SAM takes out of template.yaml, and the translation no longer
// shows.
type template struct {
	Globals struct {
		Function struct {
			AutoPublishAlias              string `yaml:"AutoPublishAlias"`
			AutoPublishAliasAllProperties bool   `yaml:"AutoPublishAliasAllProperties"`
		} `yaml:"Function"`
	} `yaml:"Globals"`
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

func readTemplate(t *testing.T) template {
	t.Helper()
	content, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var parsed template
	if err := yaml.Unmarshal(content, &parsed); err != nil {
		t.Fatalf("parse template.yaml: %v", err)
	}
	return parsed
}

// What make builds, what SAM uploads and where the source is are the same
// folder: build/NAME for functions/NAME.
func TestCodeURIIsWhatMakeBuilds(t *testing.T) {
	t.Parallel()
	plan := makePlan(t)
	found := 0
	for id, resource := range readTemplate(t).Resources {
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

func TestSchedulesSendTheEvent(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	for schedule, function := range map[string]string{"RefreshSchedule": "RefreshFunction", "GrantsSchedule": "GrantsFunction"} {
		properties := stack.properties(t, schedule)
		var sent map[string]any
		if err := json.Unmarshal([]byte(at(properties, "Target", "Input").(string)), &sent); err != nil {
			t.Fatalf("%s: the input is not JSON: %v", schedule, err)
		}
		if want := readEvent(t, "../../events/refresh-sweep.json"); !reflect.DeepEqual(sent, want) {
			t.Errorf("%s sends %v, want %v", schedule, sent, want)
		}
		if got, want := properties["ScheduleExpression"], "rate(1 minute)"; got != want {
			t.Errorf("%s is %v, want %v", schedule, got, want)
		}
		if got, want := at(properties, "FlexibleTimeWindow", "Mode"), "OFF"; got != want {
			t.Errorf("%s: flexible window is %v, want %v", schedule, got, want)
		}
		if got, want := environment(t, stack, function)["SWEEP_INTERVAL"], "1m"; got != want {
			t.Errorf("%s believes in an interval of %s, want %s", function, got, want)
		}
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
