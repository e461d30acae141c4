package secretsmanager_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

func (e emulator) remove(t *testing.T, id string, days int64) *sm.DeleteSecretOutput {
	t.Helper()
	in := sm.DeleteSecretInput{SecretId: &id}
	if days > 0 {
		in.RecoveryWindowInDays = &days
	} else {
		in.ForceDeleteWithoutRecovery = aws.Bool(true)
	}
	out, err := e.DeleteSecret(t.Context(), &in)
	if err != nil {
		t.Fatalf("DeleteSecret %s: %v", id, err)
	}
	return out
}

func TestDeletionWindow(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name  string
		speed float64
		days  int64
		want  time.Duration
	}{
		{"shortest", 0, 7, 7 * day},
		{"longest", 0, 30, 30 * day},
		{"divided by the speed", 24, 7, 7 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, func(c *secretsmanager.Config) { c.Speed = tt.speed })
			arn := *e.create(t, "s", "value").ARN
			ends := e.clock.Now().Add(tt.want)
			if got := e.remove(t, "s", tt.days).DeletionDate; !got.Equal(ends) {
				t.Errorf("DeletionDate = %v, want %v", got, ends)
			}

			e.clock.Advance(tt.want - time.Second)
			if d := e.describe(t, "s"); d.DeletedDate == nil || !d.DeletedDate.Equal(ends) {
				t.Errorf("DeletedDate a second before the end = %v, want %v", d.DeletedDate, ends)
			}
			if _, err := e.RestoreSecret(t.Context(), &sm.RestoreSecretInput{SecretId: aws.String("s")}); err != nil {
				t.Fatalf("RestoreSecret a second before the end: %v", err)
			}
			if got := e.value(t, arn); got != "value" {
				t.Errorf("value after restore = %q, want it back", got)
			}
			if d := e.describe(t, "s").DeletedDate; d != nil {
				t.Errorf("DeletedDate after restore = %v, want none", d)
			}

			e.remove(t, "s", tt.days)
			e.clock.Advance(tt.want)
			_, err := e.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: aws.String("s")})
			sandboxtest.WantError(t, err, "ResourceNotFoundException", "")
			if again := e.create(t, "s", "other"); *again.ARN == arn {
				t.Error("a secret made anew has the ARN of the old one")
			}
			_, err = e.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &arn})
			sandboxtest.WantError(t, err, "ResourceNotFoundException", "")
			if got := e.value(t, "s"); got != "other" {
				t.Errorf("value of the secret made anew = %q, want other", got)
			}
		})
	}
}

func TestForcedDeletion(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "s", "value")
	e.create(t, "marked", "value")
	e.remove(t, "marked", 7)
	for _, name := range []string{"s", "marked", "none"} {
		if out := e.remove(t, name, 0); *out.Name != name || !out.DeletionDate.Equal(e.clock.Now()) {
			t.Errorf("forced deletion of %s = %s at %v, want it now", name, *out.Name, out.DeletionDate)
		}
		_, err := e.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &name})
		sandboxtest.WantError(t, err, "ResourceNotFoundException", "")
	}
	if got := e.names(t, sm.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)}); len(got) != 0 {
		t.Errorf("listed after forced deletion = %v, want none", got)
	}
}

// TestDeletedWithoutTrace: a version id of an erased secret is free again, and
// its value gone.
func TestDeletedWithoutTrace(t *testing.T) {
	t.Parallel()
	e := start(t)
	create := func(value string) {
		t.Helper()
		in := sm.CreateSecretInput{Name: aws.String("s"), SecretString: &value, ClientRequestToken: aws.String(token("a"))}
		if _, err := e.CreateSecret(t.Context(), &in); err != nil {
			t.Fatalf("CreateSecret: %v", err)
		}
	}
	create("old")
	e.create(t, "s2", "neighbour")
	e.remove(t, "s", 0)
	create("new")
	if got := e.value(t, "s"); got != "new" {
		t.Errorf("value = %q, want new", got)
	}
	if got := e.value(t, "s2"); got != "neighbour" {
		t.Errorf("value of the neighbour = %q, want it untouched", got)
	}
}
