package secretsmanager_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"token-refresher/internal/sandbox/sandboxtest"
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
	server, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(t.TempDir(), "state.db"), Unthrottled: true})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = server.Close() })
	d := driver{server: server, tokens: []string{token("a"), token("b"), token("c"), token("d")}}
	rapid.Check(t, func(rt *rapid.T) {
		d.call("DeleteSecret", `{"SecretId":"s","ForceDeleteWithoutRecovery":true}`) // of the last check
		if _, code := d.call("CreateSecret", `{"Name":"s","SecretString":"x","ClientRequestToken":%q}`, d.tokens[0]); code != 200 {
			rt.Fatalf("CreateSecret: status %d", code)
		}
		m := &model{values: map[string]string{d.tokens[0]: "x"}, labels: map[string]string{"AWSCURRENT": d.tokens[0]}}
		rt.Repeat(map[string]func(*rapid.T){
			"put":  func(rt *rapid.T) { d.put(rt, m) },
			"move": func(rt *rapid.T) { d.move(rt, m) },
			"":     func(rt *rapid.T) { d.compare(rt, m) },
		})
	})
}

// A driver does to the emulator what it does to a model. It calls the handler
// directly: thousands of calls through the SDK would take minutes.
type driver struct {
	server *secretsmanager.Server
	tokens []string
}

type modelAnswer struct {
	SecretString       string
	VersionID          string              `json:"VersionId"`
	VersionIDsToStages map[string][]string `json:"VersionIdsToStages"`
}

func (d driver) call(operation, body string, args ...any) (modelAnswer, int) {
	w := httptest.NewRecorder()
	d.server.ServeHTTP(w, sandboxtest.Request("POST", "secretsmanager."+operation, fmt.Sprintf(body, args...)))
	var answer modelAnswer
	_ = json.Unmarshal(w.Body.Bytes(), &answer) // an answer that does not fit differs from the model
	return answer, w.Code
}

func (d driver) put(rt *rapid.T, m *model) {
	id, value := rapid.SampledFrom(d.tokens).Draw(rt, "token"), rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "value")
	_, code := d.call("PutSecretValue", `{"SecretId":"s","SecretString":%q,"ClientRequestToken":%q}`, value, id)
	known, exists := m.values[id]
	if refused := exists && known != value; (code != 200) != refused {
		rt.Fatalf("put: status %d, want refused %t", code, refused)
	}
	if !exists {
		m.values[id] = value
		m.attach("AWSCURRENT", id)
	}
}

func (d driver) move(rt *rapid.T, m *model) {
	label := rapid.SampledFrom([]string{"AWSCURRENT", "AWSPREVIOUS", "own"}).Draw(rt, "label")
	to := rapid.SampledFrom(slices.Sorted(maps.Keys(m.values))).Draw(rt, "to")
	_, code := d.call("UpdateSecretVersionStage", `{"SecretId":"s","VersionStage":%q,"MoveToVersionId":%q,"RemoveFromVersionId":%q}`, label, to, m.labels[label])
	if code != 200 {
		rt.Fatalf("move of %s to %s: status %d", label, to, code)
	}
	m.attach(label, to)
}

func (d driver) compare(rt *rapid.T, m *model) {
	want := make(map[string][]string)
	for label, id := range m.labels {
		want[id] = append(want[id], label)
		slices.Sort(want[id])
		if got, _ := d.call("GetSecretValue", `{"SecretId":"s","VersionStage":%q}`, label); got.SecretString != m.values[id] || got.VersionID != id {
			rt.Fatalf("read of %s = version %s, want %s", label, got.VersionID, id)
		}
	}
	got, _ := d.call("DescribeSecret", `{"SecretId":"s"}`)
	if diff := cmp.Diff(want, got.VersionIDsToStages); diff != "" {
		rt.Fatalf("labels (-want +got):\n%s", diff)
	}
}
