// Package stack_test holds template.yaml, and the files that must agree with
// it, to what they promise: least privilege, one role and log group for each
// function, failures that go somewhere, names that the code and the contract
// know. It looks at the translated template, so that what SAM adds is seen too.
// That AWS accepts the template is left to cfn-lint.
package stack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"token-refresher/internal/sandbox/moto"
)

// stack is a translated template together with parameter values.
type stack struct {
	Parameters map[string]parameter
	Rules      map[string]rule
	Conditions map[string]any
	Resources  map[string]resource
	Outputs    map[string]output

	values map[string]string // what Ref answers for parameters and AWS:: names
}

type parameter struct {
	Default        any
	AllowedPattern string
	AllowedValues  []any
}

type resource struct {
	Type, Condition                     string
	DeletionPolicy, UpdateReplacePolicy string
	Properties                          map[string]any
}

type output struct {
	Condition string
	Value     any
}

// translator looks once for what .ci/translate.py needs.
var translator = sync.OnceValue(func() error {
	return exec.Command("python3", "-c", "import samtranslator").Run()
})

// translate runs .ci/translate.py once for all tests.
var translate = sync.OnceValues(func() ([]byte, error) {
	template, err := os.ReadFile("../../template.yaml")
	if err != nil {
		return nil, err
	}
	command := exec.Command("python3", "../../.ci/translate.py")
	command.Env = moto.Environ()
	command.Stdin = bytes.NewReader(template)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	translated, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("translate template.yaml: %w\n%s", err, &stderr)
	}
	return translated, nil
})

// load gives the stack with the parameters' defaults, changed by overrides.
func load(t *testing.T, overrides map[string]string) *stack {
	t.Helper()
	if err := translator(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("Python's aws-sam-translator is not installed, and in CI nothing is skipped")
		}
		t.Skip("Python's aws-sam-translator is not installed")
	}
	translated, err := translate()
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{}
	if err := json.Unmarshal(translated, s); err != nil {
		t.Fatalf("parse the translated template: %v", err)
	}
	s.values = map[string]string{
		"AWS::AccountId": "123456789012",
		"AWS::Partition": "aws",
		"AWS::Region":    "eu-west-1",
		"AWS::StackName": "token-refresher",
	}
	for name, parameter := range s.Parameters {
		s.values[name] = fmt.Sprint(parameter.Default)
	}
	for name, value := range overrides {
		if _, ok := s.Parameters[name]; !ok {
			t.Fatalf("the template has no parameter %s", name)
		}
		s.values[name] = value
	}
	return s
}

// ids gives the logical ids of all resources of one type that are made, sorted.
func (s *stack) ids(t *testing.T, resourceType string) []string {
	t.Helper()
	var ids []string
	for id, resource := range s.Resources {
		if resource.Type == resourceType && s.made(t, resource.Condition) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// made tells whether what has this condition, or none, is part of the stack.
func (s *stack) made(t *testing.T, condition string) bool {
	t.Helper()
	return condition == "" || s.holds(t, s.Conditions[condition])
}

// properties gives the resolved properties of a resource.
func (s *stack) properties(t *testing.T, id string) map[string]any {
	t.Helper()
	resource, ok := s.Resources[id]
	if !ok {
		t.Fatalf("the template has no resource %s", id)
	}
	return s.resolve(t, resource.Properties).(map[string]any)
}

// at follows keys through nested objects; nil when one is missing.
func at(value any, keys ...string) any {
	for _, key := range keys {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[key]
	}
	return value
}
