package secretsmanager_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/sandboxtest"
)

// TestLabels follows sequences whose outcome was recorded at AWS.
func TestLabels(t *testing.T) {
	t.Parallel()
	type step struct {
		put  []string  // labels of a new version; nil with move set
		move [3]string // label, from, to
	}
	tests := []struct {
		name  string
		steps []step // the secret begins with version v0
		want  map[string][]string
	}{
		{
			name:  "a put replaces the current version",
			steps: []step{{put: []string{}}},
			want:  map[string][]string{"v0": {"AWSPREVIOUS"}, "v1": {"AWSCURRENT"}},
		},
		{
			name:  "the version before the previous one is deprecated",
			steps: []step{{put: []string{}}, {put: []string{}}},
			want:  map[string][]string{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT"}},
		},
		{
			name:  "a put with labels leaves the current version alone",
			steps: []step{{put: []string{"AWSPENDING"}}},
			want:  map[string][]string{"v0": {"AWSCURRENT"}, "v1": {"AWSPENDING"}},
		},
		{
			name:  "a label is taken from the version that has it",
			steps: []step{{put: []string{"one", "two", "three"}}, {put: []string{"one", "two", "four"}}},
			want:  map[string][]string{"v0": {"AWSCURRENT"}, "v1": {"three"}, "v2": {"four", "one", "two"}},
		},
		{
			name:  "moving AWSCURRENT moves AWSPREVIOUS",
			steps: []step{{put: []string{"AWSPENDING"}}, {move: [3]string{"AWSCURRENT", "v0", "v1"}}},
			want:  map[string][]string{"v0": {"AWSPREVIOUS"}, "v1": {"AWSCURRENT", "AWSPENDING"}},
		},
		{
			name:  "moving AWSCURRENT back swaps the two",
			steps: []step{{put: []string{}}, {move: [3]string{"AWSCURRENT", "v1", "v0"}}},
			want:  map[string][]string{"v0": {"AWSCURRENT"}, "v1": {"AWSPREVIOUS"}},
		},
		{
			name:  "a put over a pending current version ends the rotation",
			steps: []step{{put: []string{"AWSPENDING"}}, {move: [3]string{"AWSCURRENT", "v0", "v1"}}, {put: []string{}}},
			want:  map[string][]string{"v1": {"AWSPREVIOUS"}, "v2": {"AWSCURRENT"}},
		},
		{
			name:  "own labels stay where they are",
			steps: []step{{put: []string{"AWSCURRENT", "own"}}, {put: []string{}}},
			want:  map[string][]string{"v1": {"AWSPREVIOUS", "own"}, "v2": {"AWSCURRENT"}},
		},
		{
			name:  "a label can be taken away",
			steps: []step{{put: []string{}}, {move: [3]string{"AWSPREVIOUS", "v0", ""}}},
			want:  map[string][]string{"v1": {"AWSCURRENT"}},
		},
		{
			name:  "a free label needs no version to take it from",
			steps: []step{{move: [3]string{"own", "", "v0"}}},
			want:  map[string][]string{"v0": {"AWSCURRENT", "own"}},
		},
		{
			name:  "a label that is there already stays",
			steps: []step{{move: [3]string{"AWSCURRENT", "", "v0"}}},
			want:  map[string][]string{"v0": {"AWSCURRENT"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			ids := map[string]string{"v0": *e.create(t, "s", "v0").VersionId}
			for _, step := range tt.steps {
				if step.put != nil {
					name := "v" + string(rune('0'+len(ids)))
					ids[name] = e.put(t, "s", name, step.put...)
					continue
				}
				if err := e.move(t, "s", step.move[0], ids[step.move[1]], ids[step.move[2]]); err != nil {
					t.Fatalf("moving %v: %v", step.move, err)
				}
			}
			want := make(map[string][]string)
			for name, labels := range tt.want {
				want[ids[name]] = labels
			}
			if diff := cmp.Diff(want, e.stages(t, "s")); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
			for name, labels := range tt.want {
				if labels[0] == "AWSCURRENT" && e.value(t, "s") != name {
					t.Errorf("a plain read = %q, want the value of %s", e.value(t, "s"), name)
				}
			}
		})
	}
}

func (e emulator) move(t *testing.T, id, label, from, to string) error {
	t.Helper()
	in := sm.UpdateSecretVersionStageInput{SecretId: &id, VersionStage: &label}
	if from != "" {
		in.RemoveFromVersionId = &from
	}
	if to != "" {
		in.MoveToVersionId = &to
	}
	_, err := e.UpdateSecretVersionStage(t.Context(), &in)
	return err
}

func TestMoveRefused(t *testing.T) {
	t.Parallel()
	e := start(t)
	first := *e.create(t, "s", "one").VersionId
	second := e.put(t, "s", "two")
	third := e.put(t, "s", "three", "own")
	tests := []struct {
		name, label, from, to string
		code, text            string
	}{
		{"nothing to do", "own", "", "", "InvalidParameterException", "You must provide"},
		{"AWSCURRENT taken away", "AWSCURRENT", second, "", "InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version."},
		{"holder not named", "AWSCURRENT", "", first, "InvalidParameterException", "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version " + second},
		{"another version named", "AWSCURRENT", third, first, "InvalidParameterException", "it must be set to the version that currently has the staging label AWSCURRENT"},
		{"label nobody has", "none", first, second, "InvalidParameterException", "it must be set to the version"},
		{"unknown version", "own", third, token("none"), "ResourceNotFoundException", "can't find the specified secret version"},
	}
	before := e.stages(t, "s")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sandboxtest.WantError(t, e.move(t, "s", tt.label, tt.from, tt.to), tt.code, tt.text)
			if diff := cmp.Diff(before, e.stages(t, "s")); diff != "" {
				t.Errorf("a refused move changed labels (-before +after):\n%s", diff)
			}
		})
	}
}

func TestPutIsIdempotentByToken(t *testing.T) {
	t.Parallel()
	e := start(t)
	first := *e.create(t, "s", "zero").VersionId
	put := func(end, value string) error {
		_, err := e.PutSecretValue(t.Context(), &sm.PutSecretValueInput{
			SecretId: aws.String("s"), SecretString: &value, ClientRequestToken: aws.String(token(end)),
		})
		return err
	}
	if err := put("a", "one"); err != nil {
		t.Fatalf("first put: %v", err)
	}
	if got := e.stages(t, "s")[token("a")]; !cmp.Equal(got, []string{"AWSCURRENT"}) {
		t.Errorf("labels of the version named by the token = %v, want AWSCURRENT", got)
	}
	sandboxtest.WantError(t, put("a", "other"), "ResourceExistsException", "You can't use ClientRequestToken "+token("a")+" because that value is already in use for a version of secret arn:")

	// Somebody moves AWSCURRENT away: the retry succeeds and does not move it back.
	if err := e.move(t, "s", "AWSCURRENT", token("a"), first); err != nil {
		t.Fatalf("moving AWSCURRENT back: %v", err)
	}
	changed := e.describe(t, "s").LastChangedDate
	before := e.stages(t, "s")
	if err := put("a", "one"); err != nil {
		t.Fatalf("put again: %v", err)
	}
	if diff := cmp.Diff(before, e.stages(t, "s")); diff != "" {
		t.Errorf("a repeated put changed labels (-before +after):\n%s", diff)
	}
	if got := e.describe(t, "s").LastChangedDate; !got.Equal(*changed) {
		t.Errorf("a repeated put changed LastChangedDate from %v to %v", changed, got)
	}
	if got := e.value(t, "s"); got != "zero" {
		t.Errorf("value after a repeated put = %q, want zero", got)
	}
}

// TestTokenComparesKind: the same bytes as text and as binary are not the same.
func TestTokenComparesKind(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "s", "zero")
	in := sm.PutSecretValueInput{SecretId: aws.String("s"), ClientRequestToken: aws.String(token("a"))}
	in.SecretString = aws.String("one")
	if _, err := e.PutSecretValue(t.Context(), &in); err != nil {
		t.Fatalf("put of a text: %v", err)
	}
	in.SecretString, in.SecretBinary = nil, []byte("one")
	_, err := e.PutSecretValue(t.Context(), &in)
	sandboxtest.WantError(t, err, "ResourceExistsException", "already in use")
}

func TestCreateIsIdempotentByToken(t *testing.T) {
	t.Parallel()
	e := start(t)
	create := func(end, value string) (*sm.CreateSecretOutput, error) {
		return e.CreateSecret(t.Context(), &sm.CreateSecretInput{
			Name: aws.String("s"), SecretString: &value, ClientRequestToken: aws.String(token(end)),
		})
	}
	first, err := create("a", "one")
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	again, err := create("a", "one")
	if err != nil || *again.ARN != *first.ARN || *again.VersionId != *first.VersionId {
		t.Errorf("create again = %v, %v, want the first answer", again, err)
	}
	_, err = create("a", "other")
	sandboxtest.WantError(t, err, "ResourceExistsException", "You can't use ClientRequestToken")
	_, err = create("b", "one")
	sandboxtest.WantError(t, err, "ResourceExistsException", "The operation failed because the secret s already exists.")
}

func (e emulator) describe(t *testing.T, id string) *sm.DescribeSecretOutput {
	t.Helper()
	out, err := e.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &id})
	if err != nil {
		t.Fatalf("DescribeSecret %s: %v", id, err)
	}
	return out
}

func TestUpdateSecret(t *testing.T) {
	t.Parallel()
	e := start(t)
	first := *e.create(t, "s", "one").VersionId
	out, err := e.UpdateSecret(t.Context(), &sm.UpdateSecretInput{SecretId: aws.String("s"), Description: aws.String("words"), KmsKeyId: aws.String("alias/k")})
	if err != nil || out.VersionId != nil {
		t.Errorf("update of the description = version %v, %v, want none", aws.ToString(out.VersionId), err)
	}
	if d := e.describe(t, "s"); aws.ToString(d.Description) != "words" || aws.ToString(d.KmsKeyId) != "alias/k" {
		t.Errorf("after the update: description %q, key %q", aws.ToString(d.Description), aws.ToString(d.KmsKeyId))
	}
	in := sm.UpdateSecretInput{SecretId: aws.String("s"), SecretString: aws.String("two"), ClientRequestToken: aws.String(token("a"))}
	if out, err = e.UpdateSecret(t.Context(), &in); err != nil || *out.VersionId != token("a") {
		t.Fatalf("update of the value = %v, %v", out, err)
	}
	want := map[string][]string{first: {"AWSPREVIOUS"}, token("a"): {"AWSCURRENT"}}
	if diff := cmp.Diff(want, e.stages(t, "s")); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	_, err = e.UpdateSecret(t.Context(), &in)
	sandboxtest.WantError(t, err, "ResourceExistsException", "already in use")
}

func TestSecretWithoutValue(t *testing.T) {
	t.Parallel()
	e := start(t)
	out, err := e.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: aws.String("s")})
	if err != nil || out.VersionId != nil {
		t.Fatalf("create without a value = %v, %v, want no version", out, err)
	}
	_, err = e.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String("s")})
	sandboxtest.WantError(t, err, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
	id := e.put(t, "s", "first", "AWSPENDING")
	if got := e.stages(t, "s")[id]; !cmp.Equal(got, []string{"AWSCURRENT", "AWSPENDING"}) {
		t.Errorf("labels of the first version = %v, want AWSCURRENT too", got)
	}
}

func TestBinaryValue(t *testing.T) {
	t.Parallel()
	e := start(t)
	want := []byte{0, 1, 0xff}
	if _, err := e.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: aws.String("s"), SecretBinary: want}); err != nil {
		t.Fatalf("create: %v", err)
	}
	got, err := e.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String("s")})
	if err != nil || !cmp.Equal(got.SecretBinary, want) || got.SecretString != nil {
		t.Errorf("read = %v and %v, %v, want %v and no text", got.SecretBinary, got.SecretString, err, want)
	}
}
