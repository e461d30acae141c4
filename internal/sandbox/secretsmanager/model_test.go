package secretsmanager_test

import (
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"token-refresher/internal/sandbox/secretsmanager"
)

// A model is what the documentation says of one secret: which value each token
// has, and which token each label names.
type model struct {
	values map[string]string
	labels map[string]string
}

// attach moves a label as the documentation says.
func (m *model) attach(label, id string) {
	left, held := m.labels[label]
	if left == id {
		return
	}
	if label == "AWSCURRENT" && held {
		m.labels["AWSPREVIOUS"] = left
	}
	if label == "AWSCURRENT" && m.labels["AWSPREVIOUS"] == id {
		delete(m.labels, "AWSPREVIOUS")
	}
	m.labels[label] = id
}

// TestModel drives puts, label moves and reads in random order against the
// model. Few tokens and values make repetitions and conflicts common.
func TestModel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	server, err := secretsmanager.Open(secretsmanager.Config{Path: path, ListLag: -1, Unthrottled: true})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = server.Close() })
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	c := client(listener.URL)
	tokens := []string{token("a"), token("b"), token("c"), token("d")}
	values := rapid.SampledFrom([]string{"x", "y"})
	labels := rapid.SampledFrom([]string{"AWSCURRENT", "AWSPREVIOUS", "own"})
	name := aws.String("s")
	rapid.Check(t, func(rt *rapid.T) {
		ctx := t.Context()
		m := model{values: map[string]string{tokens[0]: "x"}, labels: map[string]string{"AWSCURRENT": tokens[0]}}
		_, _ = c.DeleteSecret(ctx, &sm.DeleteSecretInput{SecretId: name, ForceDeleteWithoutRecovery: aws.Bool(true)}) // of the last check
		if _, err := c.CreateSecret(ctx, &sm.CreateSecretInput{Name: name, SecretString: aws.String("x"), ClientRequestToken: &tokens[0]}); err != nil {
			rt.Fatalf("CreateSecret: %v", err)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				id, value := rapid.SampledFrom(tokens).Draw(rt, "token"), values.Draw(rt, "value")
				_, err := c.PutSecretValue(ctx, &sm.PutSecretValueInput{SecretId: name, SecretString: &value, ClientRequestToken: &id})
				known, exists := m.values[id]
				if refused := exists && known != value; (err != nil) != refused {
					rt.Fatalf("put = %v, want refused %t", err, refused)
				}
				if !exists {
					m.values[id] = value
					m.attach("AWSCURRENT", id)
				}
			},
			"move": func(rt *rapid.T) {
				label, to := labels.Draw(rt, "label"), rapid.SampledFrom(slices.Sorted(maps.Keys(m.values))).Draw(rt, "to")
				in := sm.UpdateSecretVersionStageInput{SecretId: name, VersionStage: &label, MoveToVersionId: &to}
				if from, ok := m.labels[label]; ok {
					in.RemoveFromVersionId = &from
				}
				if _, err := c.UpdateSecretVersionStage(ctx, &in); err != nil {
					rt.Fatalf("move of %s to %s: %v", label, to, err)
				}
				m.attach(label, to)
			},
			"": func(rt *rapid.T) {
				want := make(map[string][]string)
				for label, id := range m.labels {
					want[id] = append(want[id], label)
					slices.Sort(want[id])
					got, err := c.GetSecretValue(ctx, &sm.GetSecretValueInput{SecretId: name, VersionStage: &label})
					if err != nil || *got.SecretString != m.values[id] || *got.VersionId != id {
						rt.Fatalf("read of %s = %v, %v, want version %s", label, got, err, id)
					}
				}
				got, err := c.DescribeSecret(ctx, &sm.DescribeSecretInput{SecretId: name})
				if err != nil {
					rt.Fatalf("DescribeSecret: %v", err)
				}
				if diff := cmp.Diff(want, got.VersionIdsToStages); diff != "" {
					rt.Fatalf("labels (-want +got):\n%s", diff)
				}
			},
		})
	})
}
