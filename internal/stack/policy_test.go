package stack_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// request is one call as IAM sees it: the action, the ARN it acts on, and the
// condition keys that are present.
type request struct {
	action, resource string
	context          map[string]string
}

// statement is one statement of a policy, in exactly the policy language that
// the template uses: Allow, Action, Resource, the operators below, and policy
// variables.
type statement struct {
	sid               string
	actions           []string
	resources         []string
	equals            map[string][]string // StringEquals, NumericEquals: the key must be present
	equalsIfItIsThere map[string][]string // StringEqualsIfExists: or absent
}

// statements gives everything that a role or a managed policy allows. What the
// evaluator does not know, a Deny or another operator, fails the test.
func (s *stack) statements(t *testing.T, id string) []statement {
	t.Helper()
	properties := s.properties(t, id)
	policies, inline := properties["Policies"].([]any)
	if !inline {
		policies = []any{properties}
	}
	var all []statement
	for _, policy := range policies {
		for _, raw := range list(at(policy, "PolicyDocument", "Statement")) {
			all = append(all, parseStatement(t, raw.(map[string]any)))
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no statement", id)
	}
	return all
}

func parseStatement(t *testing.T, raw map[string]any) statement {
	t.Helper()
	known := []string{"Action", "Condition", "Effect", "Resource", "Sid"}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if !slices.Contains(known, key) {
			t.Fatalf("a statement has %s, which the evaluator does not know", key)
		}
	}
	if raw["Effect"] != "Allow" {
		t.Fatalf("a statement has effect %v, which the evaluator does not know", raw["Effect"])
	}
	parsed := statement{actions: texts(raw["Action"]), resources: texts(raw["Resource"])}
	parsed.sid, _ = raw["Sid"].(string)
	conditions, _ := raw["Condition"].(map[string]any)
	for operator, keys := range conditions {
		switch operator {
		case "StringEquals", "NumericEquals": // the same for whole numbers
			if parsed.equals == nil {
				parsed.equals = map[string][]string{}
			}
			maps.Copy(parsed.equals, conditionKeys(keys))
		case "StringEqualsIfExists":
			parsed.equalsIfItIsThere = conditionKeys(keys)
		default:
			t.Fatalf("a statement has operator %s, which the evaluator does not know", operator)
		}
	}
	return parsed
}

// allows tells whether any statement allows the request; IAM denies the rest.
func allows(statements []statement, r request) bool {
	return slices.ContainsFunc(statements, func(s statement) bool { return s.allows(r) })
}

func (s statement) allows(r request) bool {
	matches := slices.ContainsFunc(s.actions, func(pattern string) bool {
		return wildcard(strings.ToLower(pattern), strings.ToLower(r.action))
	}) && slices.ContainsFunc(s.resources, func(pattern string) bool {
		return wildcard(pattern, r.resource)
	})
	for key, values := range s.equals {
		value, present := r.context[key]
		matches = matches && present && slices.Contains(r.fill(values), value)
	}
	for key, values := range s.equalsIfItIsThere {
		value, present := r.context[key]
		matches = matches && (!present || slices.Contains(r.fill(values), value))
	}
	return matches
}

// fill puts the request's context in the place of policy variables. A variable
// without a value matches nothing.
func (r request) fill(values []string) []string {
	var filled []string
	for _, value := range values {
		match := placeholder.FindStringSubmatch(value)
		if match == nil {
			filled = append(filled, value)
		} else if known, present := r.context[match[1]]; present {
			filled = append(filled, strings.Replace(value, match[0], known, 1))
		}
	}
	return filled
}

// wildcard matches as IAM does: * is any text, ? one character, and neither
// stops at a colon or a slash.
func wildcard(pattern, text string) bool {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(expression, `\*`, `.*`)
	expression = strings.ReplaceAll(expression, `\?`, `.`)
	return regexp.MustCompile(`^(?s:` + expression + `)$`).MatchString(text)
}

func conditionKeys(raw any) map[string][]string {
	keys := map[string][]string{}
	for key, values := range raw.(map[string]any) {
		keys[key] = texts(values)
	}
	return keys
}

// list makes one value a list of one, as IAM does.
func list(value any) []any {
	if many, ok := value.([]any); ok {
		return many
	}
	return []any{value}
}

func texts(value any) []string {
	var all []string
	for _, item := range list(value) {
		all = append(all, fmt.Sprint(item))
	}
	return all
}

// The evaluator decides what the other tests believe, so it is tested first.
func TestEvaluator(t *testing.T) {
	t.Parallel()
	tagged := map[string]string{"aws:ResourceTag/kind": "a"}
	tests := []struct {
		name      string
		statement statement
		request   request
		want      bool
	}{
		{"exact", statement{actions: []string{"s:Get"}, resources: []string{"arn:x"}}, request{"s:Get", "arn:x", nil}, true},
		{"action in other case", statement{actions: []string{"s:Get"}, resources: []string{"*"}}, request{"S:GET", "arn:x", nil}, true},
		{"other action", statement{actions: []string{"s:Get"}, resources: []string{"*"}}, request{"s:GetAll", "arn:x", nil}, false},
		{"star crosses slashes", statement{actions: []string{"s:Get"}, resources: []string{"arn:p/*/t-??????"}}, request{"s:Get", "arn:p/c/m/t-AbCdEf", nil}, true},
		{"question mark is one", statement{actions: []string{"s:Get"}, resources: []string{"arn:p/*/t-??????"}}, request{"s:Get", "arn:p/c/t-AbCdE", nil}, false},
		{"dot is a dot", statement{actions: []string{"s:Get"}, resources: []string{"a.b"}}, request{"s:Get", "axb", nil}, false},
		{"equals", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equals: map[string][]string{"aws:ResourceTag/kind": {"a"}}}, request{"s:Get", "x", tagged}, true},
		{"equals another", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equals: map[string][]string{"aws:ResourceTag/kind": {"b"}}}, request{"s:Get", "x", tagged}, false},
		{"equals nothing", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equals: map[string][]string{"aws:ResourceTag/kind": {"a"}}}, request{"s:Get", "x", nil}, false},
		{"if exists, same", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equalsIfItIsThere: map[string][]string{"aws:ResourceTag/kind": {"a"}}}, request{"s:Get", "x", tagged}, true},
		{"if exists, another", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equalsIfItIsThere: map[string][]string{"aws:ResourceTag/kind": {"b"}}}, request{"s:Get", "x", tagged}, false},
		{"variable", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equals: map[string][]string{"aws:ResourceTag/kind": {"${aws:PrincipalTag/kind}"}}}, request{"s:Get", "x", map[string]string{"aws:ResourceTag/kind": "a", "aws:PrincipalTag/kind": "a"}}, true},
		{"variable of another value", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equals: map[string][]string{"aws:ResourceTag/kind": {"${aws:PrincipalTag/kind}"}}}, request{"s:Get", "x", map[string]string{"aws:ResourceTag/kind": "a", "aws:PrincipalTag/kind": "b"}}, false},
		{"variable without a value", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equals: map[string][]string{"aws:ResourceTag/kind": {"${aws:PrincipalTag/kind}"}}}, request{"s:Get", "x", tagged}, false},
		{"if exists, absent", statement{actions: []string{"s:Get"}, resources: []string{"*"}, equalsIfItIsThere: map[string][]string{"aws:ResourceTag/kind": {"a"}}}, request{"s:Get", "x", nil}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := allows([]statement{test.statement}, test.request); got != test.want {
				t.Errorf("allows(%+v) = %v, want %v", test.request, got, test.want)
			}
		})
	}
}
