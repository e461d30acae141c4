package secretsmanager_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

// An emulator is a running Server with the SDK's own client in front of it.
type emulator struct {
	*sm.Client
	server   *secretsmanager.Server
	endpoint string
	clock    *sandboxtest.Clock
}

// start runs an emulator without lag and rates, which tests that are about them
// set in alter.
func start(t *testing.T, alter ...func(*secretsmanager.Config)) emulator {
	t.Helper()
	c := sandboxtest.NewClock()
	config := secretsmanager.Config{
		Path: filepath.Join(t.TempDir(), "state.db"), Now: c.Now, ListLag: -1, Unthrottled: true,
	}
	for _, f := range alter {
		f(&config)
	}
	server, err := secretsmanager.Open(config)
	endpoint := sandboxtest.Serve(t, server, err)
	return emulator{Client: client(endpoint), server: server, endpoint: endpoint, clock: c}
}

func client(endpoint string) *sm.Client { return sm.NewFromConfig(sandboxtest.Config(endpoint)) }

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

// token is a ClientRequestToken that ends in the given text.
func token(end string) string { return strings.Repeat("0", 36-len(end)) + end }
