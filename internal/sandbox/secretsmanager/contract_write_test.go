package secretsmanager_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/moto"
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
	{name: "a put moves the labels", want: "AWSCURRENT=two AWSPREVIOUS=one", do: func(t *testing.T, s subject) string {
		s.two(t)
		return s.labels(t)
	}},
	{name: "the token becomes the version", want: "two", do: func(t *testing.T, s subject) string {
		s.two(t)
		return s.read(t, sm.GetSecretValueInput{VersionId: aws.String(token("a"))})
	}},
	{name: "a put with own labels", want: "AWSCURRENT=one own=two", do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		if err := s.putAs(t, "a", "two", "own"); err != nil {
			t.Fatalf("PutSecretValue: %v", err)
		}
		return s.labels(t)
	}},
	{name: "a put again", want: "success, AWSCURRENT=two AWSPREVIOUS=one", do: func(t *testing.T, s subject) string {
		s.two(t)
		return outcome(s.putAs(t, "a", "two")) + ", " + s.labels(t)
	}},
	{name: "a put again after its label moved", want: "success, AWSCURRENT=one AWSPREVIOUS=two", do: func(t *testing.T, s subject) string {
		s.moved(t)
		return outcome(s.putAs(t, "two", "two")) + ", " + s.labels(t)
	}},
	{name: "another value for a known token", want: "ResourceExistsException", do: func(t *testing.T, s subject) string {
		s.two(t)
		return outcome(s.putAs(t, "a", "three"))
	}},
	{name: "a put on a missing secret", want: "ResourceNotFoundException", do: func(t *testing.T, s subject) string {
		return outcome(s.putAs(t, "a", "one"))
	}},
	{name: "a name in use", want: "ResourceExistsException", do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		_, err := s.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: &s.name, SecretString: aws.String("two")})
		return outcome(err)
	}},
	{name: "a create again", want: "success success", do: func(t *testing.T, s subject) string {
		in := sm.CreateSecretInput{Name: &s.name, SecretString: aws.String("one"), ClientRequestToken: aws.String(token("a"))}
		_, first := s.CreateSecret(t.Context(), &in)
		_, again := s.CreateSecret(t.Context(), &in)
		return outcome(first) + " " + outcome(again)
	}},
	{name: "AWSCURRENT taken without naming its version", want: "InvalidParameterException", do: func(t *testing.T, s subject) string {
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
		return outcome(err)
	}},
	{name: "AWSCURRENT taken away", key: moto.CurrentTakenAway, do: func(t *testing.T, s subject) string {
		id := s.given(t, s.name, "one").VersionId
		_, err := s.UpdateSecretVersionStage(t.Context(), &sm.UpdateSecretVersionStageInput{SecretId: &s.name, VersionStage: aws.String("AWSCURRENT"), RemoveFromVersionId: id})
		return outcome(err)
	}},
	{name: "deprecated versions", key: moto.DeprecatedDescribed, do: func(t *testing.T, s subject) string {
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
	{name: "a read of a deleted secret", want: "InvalidRequestException", do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{name: "a put on a deleted secret", key: moto.PutOnDeleted, do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		return outcome(s.putAs(t, "a", "two"))
	}},
	{name: "a create on a deleted secret", key: moto.CreateOnDeleted, do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		_, err := s.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: &s.name, SecretString: aws.String("two")})
		return outcome(err)
	}},
	{name: "a description of a deleted secret", want: "a date", do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		d, err := s.DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: &s.name})
		if err == nil && d.DeletedDate != nil {
			return "a date"
		}
		return outcome(err)
	}},
	{name: "a restored secret", want: "one", do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.mark(t, s.name)
		if _, err := s.RestoreSecret(t.Context(), &sm.RestoreSecretInput{SecretId: &s.name}); err != nil {
			t.Fatalf("RestoreSecret: %v", err)
		}
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{name: "a secret deleted by force and made anew", want: "two", do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		if _, err := s.DeleteSecret(t.Context(), &sm.DeleteSecretInput{SecretId: &s.name, ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
			t.Fatalf("DeleteSecret: %v", err)
		}
		s.given(t, s.name, "two")
		return s.read(t, sm.GetSecretValueInput{})
	}},
}

var limitClauses = []clause{
	{name: "the version quota", key: moto.VersionQuota, free: true, do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "0")
		for n := 1; n <= 110; n++ {
			if err := s.putAs(t, fmt.Sprint(n), "v"); err != nil {
				return fmt.Sprintf("%s after %d", outcome(err), n)
			}
		}
		return "none"
	}},
	{name: "the write rate", key: moto.WriteRate, do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		for n := range 60 {
			if err := s.putAs(t, "a", "two"); err != nil {
				return fmt.Sprintf("%s after %d", outcome(err), n)
			}
		}
		return "none"
	}},
	{name: "a value too large", key: moto.ValueTooLarge, do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		return outcome(s.putAs(t, "a", strings.Repeat("v", 65_537)))
	}},
}
