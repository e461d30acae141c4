package secretsmanager_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     secretsmanager.Fault
		code      string // of the error; empty: no answer at all
		status    int
		processed bool
	}{
		{"refused", secretsmanager.Fault{Type: "ThrottlingException", Message: "Rate exceeded"}, "ThrottlingException", 400, false},
		{"failed inside", secretsmanager.Fault{Type: "InternalServiceError"}, "InternalServiceError", 500, false},
		{"answer lost", secretsmanager.Fault{LoseAnswer: true}, "", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			e.create(t, "s", "before")
			e.create(t, "other", "before")
			e.server.SetFault(func(operation, secret string) *secretsmanager.Fault {
				if operation == "PutSecretValue" && secret == "s" {
					return &tt.fault
				}
				return nil
			})
			put := func() error {
				_, err := e.PutSecretValue(t.Context(), &sm.PutSecretValueInput{SecretId: aws.String("s"), SecretString: aws.String("after"), ClientRequestToken: aws.String(token("a"))})
				return err
			}
			sandboxtest.WantFailure(t, put(), tt.code, tt.status)
			e.put(t, "other", "not affected")
			if got := e.value(t, "s") == "after"; got != tt.processed {
				t.Errorf("processed = %t, want %t", got, tt.processed)
			}
			e.server.SetFault(nil)
			if err := put(); err != nil {
				t.Errorf("retry without the fault: %v", err)
			}
			if got := e.value(t, "s"); got != "after" {
				t.Errorf("value after the retry = %q, want after", got)
			}
		})
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	e := start(t, func(c *secretsmanager.Config) {
		c.Observe = func(operation, secret string) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, strings.TrimSuffix(operation+" "+secret, " "))
		}
	})
	arn := e.create(t, "s", "v").ARN
	e.value(t, *arn)
	e.names(t, sm.ListSecretsInput{})
	if _, err := e.BatchGetSecretValue(t.Context(), &sm.BatchGetSecretValueInput{SecretIdList: []string{*arn, "none"}}); err != nil {
		t.Fatalf("BatchGetSecretValue: %v", err)
	}
	_, _ = e.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: aws.String("none")}) // fails, and is observed
	want := []string{"CreateSecret s", "GetSecretValue s", "ListSecrets", "BatchGetSecretValue", "GetSecretValue s", "GetSecretValue none", "DescribeSecret none"}
	if !slices.Equal(got, want) {
		t.Errorf("observed %q, want %q", got, want)
	}
}
