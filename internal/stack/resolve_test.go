package stack_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// noValue is what Ref AWS::NoValue resolves to: the property is left out.
type noValue struct{}

var placeholder = regexp.MustCompile(`\$\{([^}]+)\}`)

// resolve evaluates the intrinsic functions that the template uses. A resource
// is referred to as ref:ID and arn:ID. A function it does not know fails the
// test, so that nothing is judged half resolved.
func (s *stack) resolve(t *testing.T, value any) any {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		if name, argument, ok := intrinsic(value); ok {
			return s.call(t, name, argument)
		}
		resolved := map[string]any{}
		for key, item := range value {
			if item = s.resolve(t, item); !isNoValue(item) {
				resolved[key] = item
			}
		}
		return resolved
	case []any:
		resolved := []any{}
		for _, item := range value {
			if item = s.resolve(t, item); !isNoValue(item) {
				resolved = append(resolved, item)
			}
		}
		return resolved
	default:
		return value
	}
}

func (s *stack) call(t *testing.T, name string, argument any) any {
	t.Helper()
	switch name {
	case "Ref":
		return s.ref(t, argument.(string))
	case "Fn::GetAtt":
		path := argument.([]any)
		return s.attribute(t, path[0].(string), path[1].(string))
	case "Fn::Sub":
		return s.substitute(t, argument.(string))
	case "Fn::Split":
		parts := argument.([]any)
		var split []any
		for _, part := range strings.Split(s.resolve(t, parts[1]).(string), parts[0].(string)) {
			split = append(split, part)
		}
		return split
	case "Fn::If":
		branches := argument.([]any)
		if s.holds(t, s.Conditions[branches[0].(string)]) {
			return s.resolve(t, branches[1])
		}
		return s.resolve(t, branches[2])
	default:
		t.Fatalf("the template uses %s, which these tests cannot resolve", name)
		return nil
	}
}

// holds evaluates a condition.
func (s *stack) holds(t *testing.T, condition any) bool {
	t.Helper()
	name, argument, _ := intrinsic(condition)
	operands, _ := argument.([]any)
	switch name {
	case "Fn::Not":
		return !s.holds(t, operands[0])
	case "Fn::And":
		return !slices.ContainsFunc(operands, func(operand any) bool { return !s.holds(t, operand) })
	case "Fn::Equals":
		return s.resolve(t, operands[0]) == s.resolve(t, operands[1])
	default:
		t.Fatalf("the template has condition %v, which these tests cannot evaluate", condition)
		return false
	}
}

func (s *stack) ref(t *testing.T, name string) any {
	t.Helper()
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if value, ok := s.values[name]; ok {
		return value
	}
	if _, ok := s.Resources[name]; !ok {
		t.Fatalf("the template refers to %s, which does not exist", name)
	}
	return "ref:" + name
}

func (s *stack) attribute(t *testing.T, id, name string) string {
	t.Helper()
	if _, ok := s.Resources[id]; !ok {
		t.Fatalf("the template refers to %s of %s, which does not exist", name, id)
	}
	if name == "Arn" {
		return "arn:" + id
	}
	return id + "." + name
}

func (s *stack) substitute(t *testing.T, text string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := placeholder.FindStringSubmatch(match)[1]
		if id, attribute, ok := strings.Cut(name, "."); ok {
			return s.attribute(t, id, attribute)
		}
		return s.ref(t, name).(string)
	})
}

// intrinsic tells an intrinsic function from an ordinary object.
func intrinsic(value any) (name string, argument any, ok bool) {
	object, isObject := value.(map[string]any)
	if !isObject || len(object) != 1 {
		return "", nil, false
	}
	for name, argument = range object {
		if name == "Ref" || strings.HasPrefix(name, "Fn::") {
			return name, argument, true
		}
	}
	return "", nil, false
}

func isNoValue(value any) bool {
	_, ok := value.(noValue)
	return ok
}
