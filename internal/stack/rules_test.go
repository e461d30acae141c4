package stack_test

import "testing"

// rule is what CloudFormation asserts of the parameters together.
type rule struct {
	RuleCondition any
	Assertions    []struct{ Assert any }
}

func TestParametersFitTogether(t *testing.T) {
	t.Parallel()
	const certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
	tests := []struct {
		name      string
		overrides map[string]string
		want      bool
	}{
		{"defaults", nil, true},
		{"host name and certificate", map[string]string{"CustomDomainName": "consent.example.com", "CertificateArn": certificate}, true},
		{"host name without a certificate", map[string]string{"CustomDomainName": "consent.example.com"}, false},
		{"subnets and security groups", map[string]string{"SubnetIds": "subnet-0123abcd", "SecurityGroupIds": "sg-0123abcd"}, true},
		{"subnets without security groups", map[string]string{"SubnetIds": "subnet-0123abcd"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := load(t, test.overrides).fits(t); got != test.want {
				t.Errorf("the rules hold: %v, want %v", got, test.want)
			}
		})
	}
}

// fits tells whether every rule that applies holds.
func (s *stack) fits(t *testing.T) bool {
	t.Helper()
	for _, rule := range s.Rules {
		if !s.holds(t, rule.RuleCondition) {
			continue
		}
		for _, assertion := range rule.Assertions {
			if !s.holds(t, assertion.Assert) {
				return false
			}
		}
	}
	return true
}
