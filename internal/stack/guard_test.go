package stack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// guard stands where IAM does, between the functions and AWS: it knows a
// function by its access key, judges each of its calls by the policies of its
// role, passes on what they allow, and notes it. What they do not allow is
// refused as AWS does and fails the test.
type guard struct {
	t          *testing.T
	stack      *stack
	backend    http.Handler
	statements map[string][]statement // by function

	mu     sync.Mutex
	used   map[string]map[string]bool // by function: the actions it was allowed
	broken func(function string, r request) bool
}

// journalTable is the name of the table that the template's Journal becomes.
const journalTable = "token-refresher-Journal-1ABCDEF"

func newGuard(t *testing.T, s *stack, backend http.Handler) *guard {
	t.Helper()
	g := &guard{t: t, stack: s, backend: backend, statements: map[string][]statement{}, used: map[string]map[string]bool{}}
	for _, function := range functions(t, s) {
		g.statements[function] = s.statements(t, strings.TrimSuffix(function, "Function")+"Role")
		g.used[function] = map[string]bool{}
	}
	return g
}

// breaks refuses calls that fits names, as if AWS were down, until it is called
// with nil.
func (g *guard) breaks(fits func(function string, r request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = fits
}

var accessKey = regexp.MustCompile(`Credential=([A-Za-z]+)/`)

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		g.t.Errorf("read a call: %v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	key := accessKey.FindStringSubmatch(r.Header.Get("Authorization"))
	if key == nil || g.statements[key[1]] == nil {
		g.backend.ServeHTTP(w, r) // the test itself
		return
	}
	for _, request := range g.requests(r, body) {
		if code := g.judge(key[1], request); code != "" {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"refused by the test"}`, code)
			return
		}
	}
	g.backend.ServeHTTP(w, r)
}

// judge notes an allowed call, and gives the error code of any other.
func (g *guard) judge(function string, r request) (code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !allows(g.statements[function], r) {
		g.t.Errorf("%s calls %s on %s with %v, which its role does not allow", function, r.action, r.resource, r.context)
		return "AccessDeniedException"
	}
	g.used[function][r.action] = true
	if g.broken != nil && g.broken(function, r) {
		return "AccessDeniedException"
	}
	return ""
}

// call is what the bodies of all calls may hold; json reads SecretId as SecretID.
type call struct {
	SecretID, Name       string
	SecretIDList         []string
	RecoveryWindowInDays int
	Tags                 []tag
	TableName, IndexName string
	Entries              []struct{ Source, EventBusName string }
}

type tag struct{ Key, Value string }

// requests is what IAM judges of one call.
func (g *guard) requests(r *http.Request, body []byte) []request {
	service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var c call
	if err := json.Unmarshal(body, &c); err != nil {
		g.t.Errorf("decode a call of %s: %v", operation, err)
	}
	switch service {
	case "secretsmanager":
		return g.secretRequests("secretsmanager:"+operation, c)
	case "DynamoDB_20120810":
		return []request{{"dynamodb:" + operation, tableARN(c), nil}}
	case "AWSEvents":
		var requests []request
		for _, entry := range c.Entries {
			bus := "arn:aws:events:eu-west-1:123456789012:event-bus/default"
			requests = append(requests, request{"events:" + operation, bus + entry.EventBusName, map[string]string{"events:source": entry.Source}})
		}
		return requests
	default:
		g.t.Errorf("a call of %s.%s, which no policy knows", service, operation)
		return nil
	}
}

func tableARN(c call) string {
	arn := "arn:" + c.TableName
	if c.TableName == journalTable {
		arn = "arn:Journal"
	}
	if c.IndexName != "" {
		arn += "/index/" + c.IndexName
	}
	return arn
}

func (g *guard) secretRequests(action string, c call) []request {
	switch action {
	case "secretsmanager:ListSecrets":
		return []request{{action, "*", nil}}
	case "secretsmanager:BatchGetSecretValue":
		requests := []request{{action, "*", nil}}
		for _, id := range c.SecretIDList {
			requests = append(requests, g.secretRequest("secretsmanager:GetSecretValue", id))
		}
		return requests
	case "secretsmanager:CreateSecret":
		// AWS judges it by the ARN that the secret will have, and the tags of the
		// request as a TagResource of their own.
		context := map[string]string{}
		addTags(context, "aws:RequestTag/", c.Tags)
		arn := g.arn(c.Name + "-AbCdEf")
		return []request{{action, arn, context}, {"secretsmanager:TagResource", arn, context}}
	default:
		r := g.secretRequest(action, c.SecretID)
		addTags(r.context, "aws:RequestTag/", c.Tags)
		if c.RecoveryWindowInDays > 0 {
			r.context["secretsmanager:RecoveryWindowInDays"] = fmt.Sprint(c.RecoveryWindowInDays)
		}
		return []request{r}
	}
}

// secretRequest is a call on a secret as it is now: with its suffix and its
// tags, or only its name if there is none.
func (g *guard) secretRequest(action, id string) request {
	name := strings.TrimPrefix(id, secretARN)
	recorder := httptest.NewRecorder()
	ask := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(fmt.Sprintf(`{"SecretId":%q}`, id)))
	ask.Header.Set("X-Amz-Target", "secretsmanager.DescribeSecret")
	ask.Header.Set("Content-Type", "application/x-amz-json-1.1")
	ask.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261121/eu-west-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0")
	g.backend.ServeHTTP(recorder, ask)
	if recorder.Code != http.StatusOK {
		return request{action, g.arn(name), map[string]string{}}
	}
	var secret struct {
		Name string
		Tags []tag
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &secret); err != nil {
		g.t.Errorf("decode the description of %s: %v", id, err)
	}
	context := map[string]string{}
	addTags(context, "aws:ResourceTag/", secret.Tags)
	return request{action, g.arn(secret.Name + "-AbCdEf"), context}
}

// arn is that of a secret, or what Ref gives for those of the template.
func (g *guard) arn(name string) string {
	for _, id := range []string{"SealingKey", "InviteKey"} {
		if strings.TrimSuffix(name, "-AbCdEf") == g.stack.properties(g.t, id)["Name"] {
			return "ref:" + id
		}
	}
	return secretARN + name
}

func addTags(context map[string]string, prefix string, tags []tag) {
	for _, tag := range tags {
		context[prefix+tag.Key] = tag.Value
	}
}

// unused are the actions of a function's role that it was never seen to use.
func (g *guard) unused(function string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var unused []string
	for _, statement := range g.statements[function] {
		for _, action := range statement.actions {
			if !g.used[function][action] {
				unused = append(unused, action)
			}
		}
	}
	slices.Sort(unused)
	return slices.Compact(unused)
}
