package stack_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// customDomain are the parameters of a stack with a host name of its own.
func customDomain() map[string]string {
	return map[string]string{
		"CustomDomainName": "consent.example.com",
		"CertificateArn":   "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
	}
}

// The API passes four requests on and lets no other reach the function.
func TestRoutes(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	got := map[string]any{}
	for _, id := range stack.ids(t, "AWS::ApiGatewayV2::Route") {
		properties := stack.properties(t, id)
		got[properties["RouteKey"].(string)] = properties["Target"]
	}
	want := map[string]any{
		"GET /consent":           "integrations/ref:ConsentIntegration",
		"POST /consent/callback": "integrations/ref:ConsentIntegration",
		"GET /consent/callback":  "integrations/ref:ConsentIntegration",
		"GET /consent/done":      "integrations/ref:ConsentIntegration",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	integration := stack.properties(t, "ConsentIntegration")
	if uri, _ := integration["IntegrationUri"].(string); !strings.Contains(uri, "/functions/ref:ConsentFunctionAliaslive/") {
		t.Errorf("the API invokes %s, want the alias of ConsentFunction", uri)
	}
	if got := integration["PayloadFormatVersion"]; got != "2.0" {
		t.Errorf("payload format is %v, want 2.0, which the function reads", got)
	}
}

// The function's time is within the API's, and its log of requests holds
// nothing that opens anything.
func TestStage(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	function, integration := stack.properties(t, "ConsentFunction"), stack.properties(t, "ConsentIntegration")
	if timeout, limit := function["Timeout"].(float64), integration["TimeoutInMillis"].(float64)/1000; timeout >= limit || timeout <= 25 {
		t.Errorf("the function may take %v s, want more than a callback takes (25) and less than the API waits (%v)", timeout, limit)
	}
	stage := stack.properties(t, "ConsentStage")
	for _, key := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
		if limit, _ := at(stage, "DefaultRouteSettings", key).(float64); limit < 1 || limit > 100 {
			t.Errorf("%s is %v, want a limit", key, limit)
		}
	}
	format, _ := at(stage, "AccessLogSettings", "Format").(string)
	if !strings.Contains(format, "$context.routeKey") {
		t.Errorf("access log %s, want the route in it", format)
	}
	for _, part := range []string{"path", "query", "header", "cookie", "body", "sourceIp", "userAgent", "authorizer"} {
		if strings.Contains(strings.ToLower(format), strings.ToLower(part)) {
			t.Errorf("access log %s, want no %s in it", format, part)
		}
	}
	if group := at(stage, "AccessLogSettings", "DestinationArn"); group != "arn:ConsentAccessLogGroup" || !kept(t, stack, "ref:ConsentAccessLogGroup") {
		t.Errorf("the access log goes to %v, want a log group of the template with a retention", group)
	}
}

// Only this API's routes may invoke the function, and only by its alias.
func TestWhoInvokesConsent(t *testing.T) {
	t.Parallel()
	stack := load(t, nil)
	ids := stack.ids(t, "AWS::Lambda::Permission")
	if diff := cmp.Diff([]string{"ConsentPermission"}, ids); diff != "" {
		t.Fatalf("permissions (-want +got):\n%s", diff)
	}
	want := map[string]any{
		"FunctionName": "ref:ConsentFunctionAliaslive",
		"Action":       "lambda:InvokeFunction",
		"Principal":    "apigateway.amazonaws.com",
		"SourceArn":    "arn:aws:execute-api:eu-west-1:123456789012:ref:ConsentApi/*/*/consent*",
	}
	if diff := cmp.Diff(want, stack.properties(t, ids[0])); diff != "" {
		t.Errorf("who may invoke it (-want +got):\n%s", diff)
	}
}

// PUBLIC_URL, the redirect URI to register and the API's names say the same,
// with a host name of one's own and without.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		overrides map[string]string
		origin    string
		ownName   bool
	}{
		{name: "the API's own", origin: "ConsentApi.ApiEndpoint"},
		{name: "a custom domain", overrides: customDomain(), origin: "https://consent.example.com", ownName: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stack := load(t, test.overrides)
			for _, function := range []string{"ConsentFunction", "OperatorFunction"} {
				if got := environment(t, stack, function)["PUBLIC_URL"]; got != test.origin {
					t.Errorf("PUBLIC_URL of %s is %q, want %q", function, got, test.origin)
				}
			}
			if got, want := stack.resolve(t, stack.Outputs["CallbackUrl"].Value), test.origin+"/consent/callback"; got != want {
				t.Errorf("the redirect URI to register is %v, want %s", got, want)
			}
			if got := stack.properties(t, "ConsentApi")["DisableExecuteApiEndpoint"]; got != test.ownName {
				t.Errorf("the API's own name is taken away: %v, want %v: one origin", got, test.ownName)
			}
			domains := stack.ids(t, "AWS::ApiGatewayV2::DomainName")
			if got := len(domains) == 1; got != test.ownName {
				t.Errorf("a domain is made: %v, want %v", got, test.ownName)
			}
			for _, id := range domains {
				if got := at(list(stack.properties(t, id)["DomainNameConfigurations"])[0], "SecurityPolicy"); got != "TLS_1_2" {
					t.Errorf("its oldest TLS is %v, want TLS_1_2", got)
				}
			}
			if got := len(stack.ids(t, "AWS::ApiGatewayV2::ApiMapping")) == 1; got != test.ownName {
				t.Errorf("it is mapped to the API: %v, want %v", got, test.ownName)
			}
		})
	}
}
