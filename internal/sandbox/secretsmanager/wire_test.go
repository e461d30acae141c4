package secretsmanager_test

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

func TestWire(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "s", "v")
	tests := []struct {
		name                 string
		method, target, body string
		status               int
		want                 map[string]any // fields of the answer
	}{
		{
			"times are seconds with milliseconds", "POST", "secretsmanager.DescribeSecret", `{"SecretId":"s"}`, 200,
			map[string]any{"CreatedDate": 1772366400.0, "Name": "s"},
		},
		{"the service's own error", "POST", "secretsmanager.GetSecretValue", `{"SecretId":"none"}`, 400, map[string]any{"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}},
		{"error of the layer in front", "POST", "secretsmanager.GetSecretValue", `{"SecretId":"a b"}`, 400, map[string]any{"__type": "ValidationException", "message": "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}},
		{"no token, which the SDKs always send", "POST", "secretsmanager.PutSecretValue", `{"SecretId":"s","SecretString":"v"}`, 400, map[string]any{"__type": "InvalidRequestException", "Message": "You must provide a ClientRequestToken value. We recommend a UUID-type value."}},
		{"not JSON", "POST", "secretsmanager.GetSecretValue", `{`, 400, map[string]any{"__type": "SerializationException"}},
		{"wrong type", "POST", "secretsmanager.GetSecretValue", `{"SecretId":1}`, 400, map[string]any{"__type": "SerializationException"}},
		{"body too large", "POST", "secretsmanager.PutSecretValue", `{"SecretString":"` + strings.Repeat("x", 1<<20) + `"}`, 400, map[string]any{"__type": "SerializationException"}},
		{"unknown field is ignored", "POST", "secretsmanager.DescribeSecret", `{"SecretId":"s","New":1}`, 200, map[string]any{"Name": "s"}},
		{"empty body", "POST", "secretsmanager.ListSecrets", ``, 200, nil},
		{"unknown operation", "POST", "secretsmanager.MakeCoffee", `{}`, 400, map[string]any{"__type": "UnknownOperationException"}},
		{"another service", "POST", "DynamoDB_20120810.GetItem", `{}`, 400, map[string]any{"__type": "UnknownOperationException"}},
		{"not a POST", "GET", "secretsmanager.ListSecrets", ``, 400, map[string]any{"__type": "UnknownOperationException"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			e.server.ServeHTTP(w, sandboxtest.Request(tt.method, tt.target, tt.body))
			if w.Code != tt.status || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" || w.Header().Get("X-Amzn-Requestid") == "" {
				t.Errorf("status %d, headers %v, want %d and the protocol's headers", w.Code, w.Header(), tt.status)
			}
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("answer is not JSON: %v", err)
			}
			for field, want := range tt.want {
				if got[field] != want {
					t.Errorf("%s = %v, want %v", field, got[field], want)
				}
			}
			if kind, ok := got["__type"]; ok && w.Header().Get("X-Amzn-Errortype") != kind {
				t.Errorf("X-Amzn-Errortype = %q, want %v", w.Header().Get("X-Amzn-Errortype"), kind)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{"secretsmanager.GetSecretValue": true, "DynamoDB_20120810.GetItem": false, "": false} {
		if got := secretsmanager.Claims(sandboxtest.Request("POST", target, "")); got != want {
			t.Errorf("Claims of target %q = %t, want %t", target, got, want)
		}
	}
}

// FuzzRequest holds every answer to the protocol: JSON, a status of its own, an
// error type with each error, no fault inside, and no value in an error.
func FuzzRequest(f *testing.F) {
	const canary = "c4nary-value"
	for _, operation := range []string{
		"BatchGetSecretValue", "CreateSecret", "DeleteSecret", "DescribeSecret", "GetRandomPassword", "GetSecretValue", "ListSecretVersionIds",
		"ListSecrets", "PutSecretValue", "RestoreSecret", "TagResource", "UntagResource", "UpdateSecret", "UpdateSecretVersionStage", "x",
	} {
		f.Add(operation, `{"SecretId":"s","Name":"n","ClientRequestToken":"00000000000000000000000000000000","SecretString":"`+canary+`"}`)
		f.Add(operation, `{"SecretId":"s","SecretString":"`+canary+`","SecretBinary":"`+canary+`","MaxResults":1,"NextToken":"e30","Filters":[{"Key":"name","Values":["!s"]}]}`)
		f.Add(operation, `{"SecretIdList":["s",""],"Tags":[{"Key":"","Value":""}],"VersionStage":"AWSCURRENT","MoveToVersionId":"","PasswordLength":-1}`)
	}
	server, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(f.TempDir(), "state.db"), Unthrottled: true})
	if err != nil {
		f.Fatalf("Open: %v", err)
	}
	f.Cleanup(func() { _ = server.Close() })
	f.Fuzz(func(t *testing.T, operation, body string) {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, sandboxtest.Request("POST", "secretsmanager."+operation, body))
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("answer %q is not a JSON object: %v", w.Body, err)
		}
		if _, failed := answer["__type"]; failed != (w.Code == 400) || (w.Code != 200 && w.Code != 400) {
			t.Errorf("status %d with %s", w.Code, w.Body)
		}
		if w.Code != 200 && strings.Contains(body, `"SecretString":"`+canary) && strings.Contains(w.Body.String(), canary) {
			t.Errorf("an error tells a value: %s", w.Body)
		}
	})
}
