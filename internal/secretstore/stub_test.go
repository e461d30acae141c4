package secretstore_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// stub answers the calls that a test gives it, for what no emulator does. It
// remembers the batches that were asked for.
type stub struct {
	secretstore.API
	batch func(*sm.BatchGetSecretValueInput) (*sm.BatchGetSecretValueOutput, error)
	put   func(context.Context) error

	mu      sync.Mutex
	batches [][]string
	singles []string
	filters []map[types.FilterNameStringType]string // of every list call
}

func (s *stub) ListSecrets(_ context.Context, in *sm.ListSecretsInput, _ ...func(*sm.Options)) (*sm.ListSecretsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	filters := map[types.FilterNameStringType]string{}
	for _, filter := range in.Filters {
		filters[filter.Key] = strings.Join(filter.Values, " ")
	}
	s.filters = append(s.filters, filters)
	return &sm.ListSecretsOutput{}, nil
}

func (s *stub) BatchGetSecretValue(_ context.Context, in *sm.BatchGetSecretValueInput, _ ...func(*sm.Options)) (*sm.BatchGetSecretValueOutput, error) {
	s.mu.Lock()
	s.batches = append(s.batches, in.SecretIdList)
	s.mu.Unlock()
	return s.batch(in)
}

// GetSecretValue answers as a batch of one does.
func (s *stub) GetSecretValue(_ context.Context, in *sm.GetSecretValueInput, _ ...func(*sm.Options)) (*sm.GetSecretValueOutput, error) {
	s.mu.Lock()
	s.singles = append(s.singles, aws.ToString(in.SecretId))
	s.mu.Unlock()
	out, err := s.batch(&sm.BatchGetSecretValueInput{SecretIdList: []string{aws.ToString(in.SecretId)}})
	if err != nil {
		return nil, err
	}
	one := out.SecretValues[0]
	return &sm.GetSecretValueOutput{
		Name: one.Name, SecretString: one.SecretString, VersionId: one.VersionId, CreatedDate: one.CreatedDate,
	}, nil
}

func (s *stub) DescribeSecret(context.Context, *sm.DescribeSecretInput, ...func(*sm.Options)) (*sm.DescribeSecretOutput, error) {
	return nil, &types.ResourceNotFoundException{}
}

func (s *stub) PutSecretValue(ctx context.Context, _ *sm.PutSecretValueInput, _ ...func(*sm.Options)) (*sm.PutSecretValueOutput, error) {
	return &sm.PutSecretValueOutput{}, s.put(ctx)
}

// entry is one credentials secret in an answer.
func entry(client string) types.SecretValueEntry {
	return types.SecretValueEntry{
		Name: aws.String("mobilepay/" + client + "/credentials"), SecretString: aws.String(validCredentials),
		VersionId: aws.String("v1"), CreatedDate: aws.Time(issued),
	}
}

func credentialsOf(t *testing.T, s *stub, clients ...string) map[string]token.Stored[token.Credentials] {
	t.Helper()
	got, err := newStore(t, secretstore.Config{Client: s}).Credentials(t.Context(), clients)
	if err != nil {
		t.Fatalf("Credentials: %v", err)
	}
	return got
}

func TestEmptyReadMakesNoCall(t *testing.T) {
	t.Parallel()
	store := newStore(t, secretstore.Config{Client: &stub{}}) // which would panic
	none, err := store.Credentials(t.Context(), nil)
	if len(none) != 0 || err != nil {
		t.Errorf("Credentials(nothing) = %v, %v", none, err)
	}
	invalid, err := store.AccessTokens(t.Context(), []token.ID{{Client: "Not_A_Client"}})
	if err != nil || invalid[token.ID{Client: "Not_A_Client"}].Err == nil {
		t.Errorf("AccessTokens(an invalid id) = %v, %v, want an error in its entry", invalid, err)
	}
}

// A sweep does not list an account's other secrets.
func TestListsAskForOursOnly(t *testing.T) {
	t.Parallel()
	s := &stub{}
	store := newStore(t, secretstore.Config{Client: s})
	_, err := store.Clients(t.Context(), grantType)
	_, untaggedErr := store.Untagged(t.Context())
	if err != nil || untaggedErr != nil {
		t.Fatalf("Clients: %v; Untagged: %v", err, untaggedErr)
	}
	want := []map[types.FilterNameStringType]string{
		{"name": "mobilepay/", "tag-key": "token-refresher:grant-type", "tag-value": "client_credentials"},
		{"name": "mobilepay/"},
	}
	if diff := cmp.Diff(want, s.filters); diff != "" {
		t.Errorf("filters (-want +got):\n%s", diff)
	}
}

// A large answer comes in pages (1 MB at AWS), and may leave out what was asked.
func TestPartialBatchAnswers(t *testing.T) {
	t.Parallel()
	s := &stub{batch: func(in *sm.BatchGetSecretValueInput) (*sm.BatchGetSecretValueOutput, error) {
		switch aws.ToString(in.NextToken) {
		case "":
			return &sm.BatchGetSecretValueOutput{SecretValues: []types.SecretValueEntry{entry("a")}, NextToken: aws.String("2")}, nil
		case "2":
			return &sm.BatchGetSecretValueOutput{NextToken: aws.String("3")}, nil
		default:
			return &sm.BatchGetSecretValueOutput{
				SecretValues: []types.SecretValueEntry{entry("c"), entry("stranger")},
				Errors: []types.APIErrorType{{
					SecretId:  aws.String("arn:aws:secretsmanager:eu-west-1:1:secret:mobilepay/d-e/credentials-AbCdEf"),
					ErrorCode: aws.String("ResourceNotFoundException"), Message: aws.String("gone"),
				}},
			}, nil
		}
	}}
	got := credentialsOf(t, s, "a", "b", "c", "d-e", "a")
	if asked := s.batches[0]; len(asked) != 4 {
		t.Errorf("asked for %v, want each name once", asked)
	}
	if len(got) != 4 || got["a"].Err != nil || got["c"].Err != nil {
		t.Errorf("%d entries, a: %v, c: %v; want 4, nil, nil", len(got), got["a"].Err, got["c"].Err)
	}
	if err := got["d-e"].Err; !errors.Is(err, token.ErrNotFound) {
		t.Errorf("d-e: error = %v, want ErrNotFound, by its ARN", err)
	}
	if err := got["b"].Err; err == nil || !strings.Contains(err.Error(), "mobilepay/b/credentials: ") || errors.Is(err, token.ErrNotFound) {
		t.Errorf("b: error = %v, want one that names it and is not ErrNotFound", err)
	}
}

// One value that KMS cannot decrypt may make AWS refuse the batch it is in.
func TestOneBadSecretFailsNoOther(t *testing.T) {
	t.Parallel()
	s := &stub{batch: func(in *sm.BatchGetSecretValueInput) (*sm.BatchGetSecretValueOutput, error) {
		out := &sm.BatchGetSecretValueOutput{}
		for _, name := range in.SecretIdList {
			client := strings.Split(name, "/")[1]
			if client == "bad" {
				return nil, &types.DecryptionFailure{Message: aws.String("no key")}
			}
			out.SecretValues = append(out.SecretValues, entry(client))
		}
		return out, nil
	}}
	clients := []string{"bad"}
	for i := range 24 {
		clients = append(clients, "c"+string(rune('a'+i)))
	}
	got := credentialsOf(t, s, clients...)
	for client, stored := range got {
		if (stored.Err != nil) != (client == "bad") {
			t.Errorf("%s: error = %v", client, stored.Err)
		}
	}
	if err := got["bad"].Err; err == nil || !strings.Contains(err.Error(), "secret mobilepay/bad/credentials: DecryptionFailure") {
		t.Errorf("bad: error = %v, want it named", err)
	}
	longest := slices.MaxFunc(s.batches, func(a, b []string) int { return len(a) - len(b) })
	if len(got) != 25 || len(longest) != 20 {
		t.Errorf("%d entries in batches of at most %d, want 25 in 20", len(got), len(longest))
	}
}

// Who asks for one token makes no call of those that sweeps need: an account has
// 100 batches a second.
func TestOneSecretIsNoBatch(t *testing.T) {
	t.Parallel()
	fails := error(nil)
	s := &stub{batch: func(*sm.BatchGetSecretValueInput) (*sm.BatchGetSecretValueOutput, error) {
		return &sm.BatchGetSecretValueOutput{SecretValues: []types.SecretValueEntry{entry("a")}}, fails
	}}
	if got := credentialsOf(t, s, "a", "a"); got["a"].Err != nil {
		t.Errorf("a: %v", got["a"].Err)
	}
	for _, test := range []struct {
		name  string
		fault error
		alone bool // said of the secret, not of the read
	}{
		{"not found", &types.ResourceNotFoundException{}, true},
		{"cannot be decrypted", &types.DecryptionFailure{}, true},
		{"denied", &smithy.GenericAPIError{Code: "AccessDeniedException"}, true},
		{"throttled", &smithy.GenericAPIError{Code: "ThrottlingException"}, false},
		{"no answer", io.ErrUnexpectedEOF, false},
	} {
		fails = test.fault
		got, err := newStore(t, secretstore.Config{Client: s}).Credentials(t.Context(), []string{"a"})
		if alone := err == nil; alone != test.alone || alone && got["a"].Err == nil {
			t.Errorf("%s: error = %v, of the secret %v; want it said of the secret: %t", test.name, err, got["a"].Err, test.alone)
		}
	}
	if len(s.batches) != 0 || len(s.singles) != 6 {
		t.Errorf("%d batches and %d single reads, want 0 and 6", len(s.batches), len(s.singles))
	}
}

// A version is no older than the token in it, whatever a batch read tells.
func TestWrittenAtIsNotBeforeIssue(t *testing.T) {
	t.Parallel()
	value := `{"access_token":"x","issued_at":"2026-03-01T12:00:00Z","expires_at":"2026-03-01T13:00:00Z"}`
	for created, want := range map[time.Time]time.Time{
		issued.Add(-24 * time.Hour): issued,
		issued.Add(2 * time.Second): issued.Add(2 * time.Second),
	} {
		s := &stub{batch: func(in *sm.BatchGetSecretValueInput) (*sm.BatchGetSecretValueOutput, error) {
			return &sm.BatchGetSecretValueOutput{SecretValues: []types.SecretValueEntry{{
				Name: aws.String(in.SecretIdList[0]), SecretString: aws.String(value), CreatedDate: aws.Time(created),
			}}}, nil
		}}
		got := stored(t, newStore(t, secretstore.Config{Client: s}), unbound)
		if got.Err != nil || !got.WrittenAt.Equal(want) {
			t.Errorf("created %v: WrittenAt = %v, error %v, want %v", created, got.WrittenAt, got.Err, want)
		}
	}
}

// garbled answers every request with a value in an answer that is cut short.
type garbled struct{}

func (garbled) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Request: r,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body:   io.NopCloser(strings.NewReader(`{"SecretValues":[{"Name":"x","SecretString":"s3cr3t","VersionId":s3cr3t`)),
	}, nil
}

func TestGarbledAnswerIsNotShown(t *testing.T) {
	t.Parallel()
	client := sm.New(sm.Options{
		Region: "eu-west-1", HTTPClient: &http.Client{Transport: garbled{}}, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	_, err := newStore(t, secretstore.Config{Client: client}).Credentials(t.Context(), []string{"pos"})
	if err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("error = %v, want one without the value", err)
	}
}
