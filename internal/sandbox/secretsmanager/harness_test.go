package secretsmanager_test

import (
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"token-refresher/internal/sandbox/secretsmanager"
)

// A clock is time that only a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// An emulator is a running Server with the SDK's own client in front of it.
type emulator struct {
	*sm.Client
	server   *secretsmanager.Server
	endpoint string
	clock    *clock
}

// start runs an emulator without lag and rates, which tests that are about them
// set in alter.
func start(t *testing.T, alter ...func(*secretsmanager.Config)) emulator {
	t.Helper()
	c := newClock()
	config := secretsmanager.Config{
		Path: filepath.Join(t.TempDir(), "state.db"), Now: c.Now, ListLag: -1, Unthrottled: true,
	}
	for _, f := range alter {
		f(&config)
	}
	server, err := secretsmanager.Open(config)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return emulator{Client: client(listener.URL), server: server, endpoint: listener.URL, clock: c}
}

// client is the SDK's, without retries: tests look at single answers.
func client(endpoint string) *sm.Client {
	return sm.New(sm.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer:      aws.NopRetryer{},
	})
}

// create makes a secret with a value and returns its ARN and first version.
func (e emulator) create(t *testing.T, name, value string) *sm.CreateSecretOutput {
	t.Helper()
	out, err := e.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: &name, SecretString: &value})
	if err != nil {
		t.Fatalf("CreateSecret %s: %v", name, err)
	}
	return out
}

func (e emulator) put(t *testing.T, name, value string, labels ...string) string {
	t.Helper()
	out, err := e.PutSecretValue(t.Context(), &sm.PutSecretValueInput{SecretId: &name, SecretString: &value, VersionStages: labels})
	if err != nil {
		t.Fatalf("PutSecretValue %s: %v", name, err)
	}
	return *out.VersionId
}

// value reads the current value.
func (e emulator) value(t *testing.T, id string) string {
	t.Helper()
	out, err := e.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: &id})
	if err != nil {
		t.Fatalf("GetSecretValue %s: %v", id, err)
	}
	return aws.ToString(out.SecretString)
}

func (e emulator) stages(t *testing.T, id string) map[string][]string {
	t.Helper()
	out, err := e.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &id})
	if err != nil {
		t.Fatalf("DescribeSecret %s: %v", id, err)
	}
	return out.VersionIdsToStages
}

// wantError compares an error's AWS code, and a part of its text.
func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("error = %s: %q, want %s: %q", api.ErrorCode(), api.ErrorMessage(), code, text)
	}
}

// token is a ClientRequestToken that ends in the given text.
func token(end string) string { return strings.Repeat("0", 36-len(end)) + end }
