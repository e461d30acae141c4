package secretsmanager_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/sandbox/sandboxtest"
)

// labels tells which value each label names.
func (s subject) labels(t *testing.T) string {
	t.Helper()
	d, err := s.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &s.name})
	if err != nil {
		t.Fatalf("DescribeSecret: %v", err)
	}
	var told []string
	for id, labels := range d.VersionIdsToStages {
		for _, label := range labels {
			told = append(told, label+"="+s.read(t, sm.GetSecretValueInput{VersionId: &id}))
		}
	}
	slices.Sort(told)
	return strings.Join(told, " ")
}

func (s subject) mark(t *testing.T, name string) {
	t.Helper()
	if _, err := s.DeleteSecret(t.Context(), &sm.DeleteSecretInput{SecretId: &name, RecoveryWindowInDays: aws.Int64(7)}); err != nil {
		t.Fatalf("DeleteSecret: %v", err)
	}
}

// two is a secret of two values.
func (s subject) two(t *testing.T) {
	t.Helper()
	s.given(t, s.name, "one")
	if err := s.putAs(t, "a", "two"); err != nil {
		t.Fatalf("PutSecretValue: %v", err)
	}
}

var writeClauses = []clause{
	{Name: "a put moves the labels", Want: "AWSCURRENT=two AWSPREVIOUS=one", Do: func(t *testing.T, s subject) string {
		s.two(t)
		return s.labels(t)
	}},
	{Name: "the token becomes the version", Want: "two", Do: func(t *testing.T, s subject) string {
		s.two(t)
		return s.read(t, sm.GetSecretValueInput{VersionId: aws.String(token("a"))})
	}},
	{Name: "a put with own labels", Want: "AWSCURRENT=one own=two", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		if err := s.putAs(t, "a", "two", "own"); err != nil {
			t.Fatalf("PutSecretValue: %v", err)
		}
		return s.labels(t)
	}},
	{Name: "a put again", Want: "success, AWSCURRENT=two AWSPREVIOUS=one", Do: func(t *testing.T, s subject) string {
		s.two(t)
		return sandboxtest.Outcome(s.putAs(t, "a", "two")) + ", " + s.labels(t)
	}},
	{Name: "a put again after its label moved", Want: "success, AWSCURRENT=one AWSPREVIOUS=two", Do: func(t *testing.T, s subject) string {
		s.moved(t)
		return sandboxtest.Outcome(s.putAs(t, "two", "two")) + ", " + s.labels(t)
	}},
	{Name: "another value for a known token", Want: "ResourceExistsException", Do: func(t *testing.T, s subject) string {
		s.two(t)
		return sandboxtest.Outcome(s.putAs(t, "a", "three"))
	}},
	{Name: "a put on a missing secret", Want: "ResourceNotFoundException", Do: func(t *testing.T, s subject) string {
		return sandboxtest.Outcome(s.putAs(t, "a", "one"))
	}},
	{Name: "a name in use", Want: "ResourceExistsException", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		_, err := s.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: &s.name, SecretString: aws.String("two")})
		return sandboxtest.Outcome(err)
	}},
	{Name: "a create again", Want: "success success", Do: func(t *testing.T, s subject) string {
		in := sm.CreateSecretInput{Name: &s.name, SecretString: aws.String("one"), ClientRequestToken: aws.String(token("a"))}
		_, first := s.CreateSecret(t.Context(), &in)
		_, again := s.CreateSecret(t.Context(), &in)
		return sandboxtest.Outcome(first) + " " + sandboxtest.Outcome(again)
	}},
	{Name: "AWSCURRENT taken without naming its version", Want: "InvalidParameterException", Do: func(t *testing.T, s subject) string {
		s.two(t)
		versions, err := s.ListSecretVersionIds(t.Context(), &sm.ListSecretVersionIdsInput{SecretId: &s.name})
		if err != nil {
			t.Fatalf("ListSecretVersionIds: %v", err)
		}
		for _, v := range versions.Versions {
			if *v.VersionId != token("a") {
				_, err = s.UpdateSecretVersionStage(t.Context(), &sm.UpdateSecretVersionStageInput{SecretId: &s.name, VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: v.VersionId})
			}
		}
		return sandboxtest.Outcome(err)
	}},
	{Name: "AWSCURRENT taken away", Key: moto.CurrentTakenAway, Do: func(t *testing.T, s subject) string {
		id := s.given(t, s.name, "one").VersionId
		_, err := s.UpdateSecretVersionStage(t.Context(), &sm.UpdateSecretVersionStageInput{SecretId: &s.name, VersionStage: aws.String("AWSCURRENT"), RemoveFromVersionId: id})
		return sandboxtest.Outcome(err)
	}},
	{Name: "deprecated versions", Key: moto.DeprecatedDescribed, Do: func(t *testing.T, s subject) string {
		s.two(t)
		if err := s.putAs(t, "b", "three"); err != nil {
			t.Fatalf("PutSecretValue: %v", err)
		}
		d, err := s.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &s.name})
		if err != nil {
			t.Fatalf("DescribeSecret: %v", err)
		}
		return fmt.Sprintf("%d versions", len(d.VersionIdsToStages))
	}},
}

var deletionClauses = []clause{
	{Name: "a read of a deleted secret", Want: "InvalidRequestException", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{Name: "a put on a deleted secret", Key: moto.PutOnDeleted, Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		return sandboxtest.Outcome(s.putAs(t, "a", "two"))
	}},
	{Name: "a create on a deleted secret", Key: moto.CreateOnDeleted, Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		_, err := s.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: &s.name, SecretString: aws.String("two")})
		return sandboxtest.Outcome(err)
	}},
	{Name: "a description of a deleted secret", Want: "a date", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		d, err := s.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &s.name})
		if err == nil && d.DeletedDate != nil {
			return "a date"
		}
		return sandboxtest.Outcome(err)
	}},
	{Name: "a restored secret", Want: "one", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		if _, err := s.RestoreSecret(t.Context(), &sm.RestoreSecretInput{SecretId: &s.name}); err != nil {
			t.Fatalf("RestoreSecret: %v", err)
		}
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{Name: "a secret deleted by force and made anew", Want: "two", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		if _, err := s.DeleteSecret(t.Context(), &sm.DeleteSecretInput{SecretId: &s.name, ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
			t.Fatalf("DeleteSecret: %v", err)
		}
		s.given(t, s.name, "two")
		return s.read(t, sm.GetSecretValueInput{})
	}},
}

var limitClauses = []clause{
	{Name: "the version quota", Key: moto.VersionQuota, Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "0")
		for n := 1; n <= 110; n++ {
			if err := s.putAs(t, fmt.Sprint(n), "v"); err != nil {
				return fmt.Sprintf("%s after %d", sandboxtest.Outcome(err), n)
			}
		}
		return "none"
	}},
	{Name: "the write rate", Key: moto.WriteRate, Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		for n := range 60 {
			if err := s.putAs(t, "a", "two"); err != nil {
				return fmt.Sprintf("%s after %d", sandboxtest.Outcome(err), n)
			}
		}
		return "none"
	}},
	{Name: "a value too large", Key: moto.ValueTooLarge, Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		return sandboxtest.Outcome(s.putAs(t, "a", strings.Repeat("v", 65_537)))
	}},
}
