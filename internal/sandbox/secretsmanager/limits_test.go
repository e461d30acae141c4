package secretsmanager_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

func TestVersionQuota(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		speed  float64
		window time.Duration
	}{
		{"as AWS says", 0, 24 * time.Hour},
		{"divided by the speed", 24, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, func(c *secretsmanager.Config) { c.Speed = tt.speed })
			versions := []string{*e.create(t, "s", "0").VersionId}
			for i := range 99 {
				e.clock.Advance(time.Second)
				versions = append(versions, e.put(t, "s", fmt.Sprint(i+1)))
			}
			try := func() error {
				_, err := e.PutSecretValue(t.Context(), &sm.PutSecretValueInput{SecretId: aws.String("s"), SecretString: aws.String("more")})
				return err
			}
			sandboxtest.WantError(t, try(), "LimitExceededException", "100 versions")
			if got := e.value(t, "s"); got != "99" {
				t.Errorf("value after a refused put = %q, want 99", got)
			}
			_, err := e.UpdateSecret(t.Context(), &sm.UpdateSecretInput{SecretId: aws.String("s"), SecretString: aws.String("more")})
			sandboxtest.WantError(t, err, "LimitExceededException", "100 versions")

			e.clock.Advance(tt.window - 99*time.Second - time.Millisecond)
			sandboxtest.WantError(t, try(), "LimitExceededException", "100 versions")
			e.clock.Advance(time.Millisecond) // the first version is a window old
			if err := try(); err != nil {
				t.Fatalf("put after the window: %v", err)
			}
			kept := e.versions(t, "s")
			if len(kept) != 100 || slices.Contains(kept, versions[0]) || !slices.Contains(kept, versions[1]) {
				t.Errorf("kept %d versions, the oldest of before: %t, want 100 without it", len(kept), slices.Contains(kept, versions[0]))
			}
			_, err = e.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String("s"), VersionId: &versions[0]})
			sandboxtest.WantError(t, err, "ResourceNotFoundException", "")
		})
	}
}

func (e emulator) versions(t *testing.T, id string) []string {
	t.Helper()
	out, err := e.ListSecretVersionIds(t.Context(), &sm.ListSecretVersionIdsInput{SecretId: &id, IncludeDeprecated: aws.Bool(true)})
	if err != nil {
		t.Fatalf("ListSecretVersionIds: %v", err)
	}
	var ids []string
	for _, v := range out.Versions {
		ids = append(ids, *v.VersionId)
	}
	return ids
}

// TestQuotaKeepsLabelled: a version with a label is never removed, however old.
func TestQuotaKeepsLabelled(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "s", "0")
	own := e.put(t, "s", "own", "own")
	for range 110 {
		e.clock.Advance(time.Hour)
		e.put(t, "s", "v")
	}
	if got := e.versions(t, "s"); len(got) != 100 || !slices.Contains(got, own) {
		t.Errorf("kept %d versions, the labelled one: %t, want 100 with it", len(got), slices.Contains(got, own))
	}
}

func TestLabelQuota(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "s", "0")
	labels := strings.Split("abcdefghijklmnopqrst", "")
	_, err := e.PutSecretValue(t.Context(), &sm.PutSecretValueInput{SecretId: aws.String("s"), SecretString: aws.String("v"), VersionStages: labels})
	sandboxtest.WantError(t, err, "LimitExceededException", "20")
	e.put(t, "s", "v", labels[1:]...)
}

func TestRates(t *testing.T) {
	t.Parallel()
	first := token("first")
	calls := map[string]func(e emulator) error{
		"put": func(e emulator) error {
			_, err := e.PutSecretValue(t.Context(), &sm.PutSecretValueInput{SecretId: aws.String("s"), SecretString: aws.String("0"), ClientRequestToken: &first})
			return err
		},
		"update": func(e emulator) error {
			_, err := e.UpdateSecret(t.Context(), &sm.UpdateSecretInput{SecretId: aws.String("s")})
			return err
		},
		"stage": func(e emulator) error {
			return e.move(t, "s", "AWSCURRENT", "", first)
		},
		"create": func(e emulator) error {
			_, err := e.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("0"), ClientRequestToken: &first})
			return err
		},
		"tag": func(e emulator) error {
			_, err := e.TagResource(t.Context(), &sm.TagResourceInput{SecretId: aws.String("s"), Tags: tagsOf("k", "v")})
			return err
		},
		"list": func(e emulator) error {
			_, err := e.ListSecrets(t.Context(), &sm.ListSecretsInput{})
			return err
		},
		"batch": func(e emulator) error {
			_, err := e.BatchGetSecretValue(t.Context(), &sm.BatchGetSecretValueInput{SecretIdList: []string{"s"}})
			return err
		},
	}
	tests := []struct {
		name  string
		calls []string // taken in turn
		alter func(*secretsmanager.Config)
		want  int // calls within one moment; and half of them half a second later
	}{
		{name: "writes share one rate", calls: []string{"put", "update", "stage"}, want: 50},
		{name: "writes as configured", calls: []string{"put"}, alter: func(c *secretsmanager.Config) { c.WritesPerSecond = 10 }, want: 10},
		{name: "times the speed", calls: []string{"put"}, alter: func(c *secretsmanager.Config) { c.Speed = 3 }, want: 150},
		{name: "create", calls: []string{"create"}, want: 50},
		{name: "tag", calls: []string{"tag"}, want: 50},
		{name: "list", calls: []string{"list"}, want: 100},
		{name: "batch", calls: []string{"batch"}, want: 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, func(c *secretsmanager.Config) {
				c.Unthrottled = false
				if tt.alter != nil {
					tt.alter(c)
				}
			})
			if err := calls["create"](e); err != nil {
				t.Fatalf("CreateSecret: %v", err)
			}
			e.clock.Advance(time.Second)
			burst := func(want int) {
				t.Helper()
				for i := range want {
					if err := calls[tt.calls[i%len(tt.calls)]](e); err != nil {
						t.Fatalf("call %d: %v", i+1, err)
					}
				}
				sandboxtest.WantError(t, calls[tt.calls[0]](e), "ThrottlingException", "Rate exceeded")
			}
			burst(tt.want)
			e.clock.Advance(500 * time.Millisecond)
			burst(tt.want / 2)
		})
	}
}
