package secretstore_test

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"go.uber.org/goleak"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/sandbox/sandboxtest"
	emulator "token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// issued is when the tokens of these tests are issued, unless they say so.
var issued = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var unbound = token.ID{Client: "pos"}

// calls counts requests by operation on their way out, so retries count too.
type calls struct {
	transport *http.Transport
	mu        sync.Mutex
	counts    map[string]int
}

func newCalls(t *testing.T) *calls {
	t.Helper()
	c := &calls{transport: &http.Transport{}, counts: map[string]int{}}
	t.Cleanup(c.transport.CloseIdleConnections)
	return c
}

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.counts[strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.")]++
	c.mu.Unlock()
	return c.transport.RoundTrip(r)
}

func (c *calls) of(operation string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[operation]
}

// A backend is a Secrets Manager as one test sees it: with the SDK's client in
// front of it, and a prefix of its own in it.
type backend struct {
	t *testing.T
	*sm.Client
	*calls
	prefix string
	// deviations from AWS that it is known to show.
	deviations []moto.Deviation
}

func (b backend) deviates(key moto.Key) bool {
	return slices.ContainsFunc(b.deviations, func(d moto.Deviation) bool { return d.Key == key })
}

func connect(t *testing.T, endpoint, prefix string) backend {
	t.Helper()
	calls := newCalls(t)
	client := secretstore.NewClient(aws.Config{
		BaseEndpoint: aws.String(endpoint),
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Transport: calls, Timeout: 30 * time.Second},
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 3
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	})
	return backend{t: t, Client: client, calls: calls, prefix: prefix}
}

// emulate runs our own emulator, without lag and rates.
func emulate(t *testing.T, alter ...func(*emulator.Config)) (*emulator.Server, string) {
	t.Helper()
	config := emulator.Config{Path: filepath.Join(t.TempDir(), "state.db"), ListLag: -1, Unthrottled: true}
	for _, f := range alter {
		f(&config)
	}
	server, err := emulator.Open(config)
	return server, sandboxtest.Serve(t, server, err)
}

// emulated is the emulator as the backend of one test.
func emulated(t *testing.T, alter ...func(*emulator.Config)) (*emulator.Server, backend) {
	t.Helper()
	server, endpoint := emulate(t, alter...)
	return server, connect(t, endpoint, "mobilepay")
}

// store makes a Store on the backend that does not wait for its write limit.
func (b backend) store(t *testing.T, alter ...func(*secretstore.Config)) *secretstore.Store {
	t.Helper()
	config := secretstore.Config{Client: b, Prefix: b.prefix, WritesPerSecond: 1e6, Timeout: 30 * time.Second}
	for _, f := range alter {
		f(&config)
	}
	return newStore(t, config)
}

func newStore(t *testing.T, config secretstore.Config) *secretstore.Store {
	t.Helper()
	store, err := secretstore.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return store
}

// seed makes a secret under the prefix, as an operator would.
func (b backend) seed(t *testing.T, name, value string, tags ...string) {
	t.Helper()
	input := &sm.CreateSecretInput{Name: aws.String(b.prefix + "/" + name)}
	if value != "" {
		input.SecretString = aws.String(value)
	}
	for i := 0; i+1 < len(tags); i += 2 {
		input.Tags = append(input.Tags, types.Tag{Key: aws.String(tags[i]), Value: aws.String(tags[i+1])})
	}
	if _, err := b.CreateSecret(t.Context(), input); err != nil {
		t.Fatalf("CreateSecret %s: %v", name, err)
	}
}

func (b backend) remove(t *testing.T, name string) {
	t.Helper()
	_, err := b.DeleteSecret(t.Context(), &sm.DeleteSecretInput{
		SecretId: aws.String(b.prefix + "/" + name), RecoveryWindowInDays: aws.Int64(7),
	})
	if err != nil {
		t.Fatalf("DeleteSecret %s: %v", name, err)
	}
}

// value reads the current value as a consumer does.
func (b backend) value(t *testing.T, name string) string {
	t.Helper()
	out, err := b.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String(b.prefix + "/" + name)})
	if err != nil {
		t.Fatalf("GetSecretValue %s: %v", name, err)
	}
	return aws.ToString(out.SecretString)
}

func (b backend) describe(t *testing.T, name string) *sm.DescribeSecretOutput {
	t.Helper()
	out, err := b.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: aws.String(b.prefix + "/" + name)})
	if err != nil {
		t.Fatalf("DescribeSecret %s: %v", name, err)
	}
	return out
}

// labels maps the staging labels of a secret to their versions.
func (b backend) labels(t *testing.T, name string) map[string]string {
	t.Helper()
	labels := map[string]string{}
	for version, stages := range b.describe(t, name).VersionIdsToStages {
		for _, stage := range stages {
			labels[stage] = version
		}
	}
	return labels
}

// accessToken is a token that lives 3700 s from issued.
func accessToken(id token.ID, value string) token.AccessToken {
	return token.AccessToken{
		ID: id, Value: token.NewSecret(value), Type: "Bearer", Scope: "a b",
		IssuedAt: issued, ExpiresAt: issued.Add(3700 * time.Second),
	}
}

// put publishes a token and fails the test if that fails.
func put(t *testing.T, store *secretstore.Store, published token.AccessToken, replaces string) {
	t.Helper()
	err := store.PutAccessToken(t.Context(), token.GrantTypeClientCredentials, published, replaces)
	if err != nil {
		t.Fatalf("PutAccessToken(%s) error = %v, want nil", published.ID, err)
	}
}

// stored reads one token through the store.
func stored(t *testing.T, store *secretstore.Store, id token.ID) token.Stored[token.AccessToken] {
	t.Helper()
	all, err := store.AccessTokens(t.Context(), []token.ID{id})
	if err != nil {
		t.Fatalf("AccessTokens: %v", err)
	}
	got, ok := all[id]
	if !ok {
		t.Fatalf("AccessTokens: no entry for %s", id)
	}
	return got
}
