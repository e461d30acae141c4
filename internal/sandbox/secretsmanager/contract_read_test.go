package secretsmanager_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"token-refresher/internal/sandbox/moto"
	"token-refresher/internal/sandbox/sandboxtest"
)

// given makes a secret of that value; tags come in pairs.
func (s subject) given(t *testing.T, name, value string, tags ...string) *sm.CreateSecretOutput {
	t.Helper()
	in := sm.CreateSecretInput{Name: &name, Tags: tagsOf(tags...)}
	if value != "" {
		in.SecretString = &value
	}
	out, err := s.CreateSecret(t.Context(), &in)
	if err != nil {
		t.Fatalf("CreateSecret %s: %v", name, err)
	}
	return out
}

func (s subject) putAs(t *testing.T, end, value string, labels ...string) error {
	t.Helper()
	_, err := s.PutSecretValue(t.Context(), &sm.PutSecretValueInput{
		SecretId: &s.name, SecretString: &value, ClientRequestToken: aws.String(token(end)), VersionStages: labels,
	})
	return err
}

// read is the value, or the outcome if there is none.
func (s subject) read(t *testing.T, in sm.GetSecretValueInput) string {
	t.Helper()
	if in.SecretId == nil {
		in.SecretId = &s.name
	}
	out, err := s.GetSecretValue(t.Context(), &in)
	if err != nil {
		return sandboxtest.Outcome(err)
	}
	return aws.ToString(out.SecretString) + string(out.SecretBinary)
}

// batch tells how many values and which errors a batch read answers.
func (s subject) batch(t *testing.T, ids ...string) string {
	t.Helper()
	out, err := s.BatchGetSecretValue(t.Context(), &sm.BatchGetSecretValueInput{SecretIdList: ids})
	if err != nil {
		return sandboxtest.Outcome(err)
	}
	var codes []string
	for _, failed := range out.Errors {
		codes = append(codes, *failed.ErrorCode)
	}
	slices.Sort(codes)
	return fmt.Sprintf("%d value, errors: %s", len(out.SecretValues), strings.Join(codes, " "))
}

// moved has the values one and two, of which AWSCURRENT is moved back to one.
func (s subject) moved(t *testing.T) {
	t.Helper()
	first := s.given(t, s.name, "one").VersionId
	if err := s.putAs(t, "two", "two"); err != nil {
		t.Fatalf("PutSecretValue: %v", err)
	}
	_, err := s.UpdateSecretVersionStage(t.Context(), &sm.UpdateSecretVersionStageInput{
		SecretId: &s.name, VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: first, RemoveFromVersionId: aws.String(token("two")),
	})
	if err != nil {
		t.Fatalf("UpdateSecretVersionStage: %v", err)
	}
}

var readClauses = []clause{
	{Name: "a value is read by name", Want: "one", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{Name: "a value is read by ARN", Want: "one", Do: func(t *testing.T, s subject) string {
		return s.read(t, sm.GetSecretValueInput{SecretId: s.given(t, s.name, "one").ARN})
	}},
	{Name: "a value is read by partial ARN", Want: "one", Do: func(t *testing.T, s subject) string {
		arn := *s.given(t, s.name, "one").ARN
		return s.read(t, sm.GetSecretValueInput{SecretId: aws.String(arn[:len(arn)-7])})
	}},
	{Name: "a missing secret", Want: "ResourceNotFoundException", Do: func(t *testing.T, s subject) string {
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{Name: "status of a missing secret", Key: moto.StatusOfNotFound, Do: func(t *testing.T, s subject) string {
		_, err := s.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: &s.name})
		response, _ := errors.AsType[*smithyhttp.ResponseError](err)
		return fmt.Sprint(response.HTTPStatusCode())
	}},
	{Name: "a secret without a value", Want: "ResourceNotFoundException", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "")
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{Name: "a binary value", Want: "bytes", Do: func(t *testing.T, s subject) string {
		if _, err := s.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: &s.name, SecretBinary: []byte("bytes")}); err != nil {
			t.Fatalf("CreateSecret: %v", err)
		}
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{Name: "a version says when it was made", Want: "now", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		out, err := s.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: &s.name})
		if err != nil || out.CreatedDate == nil {
			t.Fatalf("GetSecretValue = %v, %v, want a date", out, err)
		}
		if age := time.Since(*out.CreatedDate); age.Abs() < time.Minute {
			return "now"
		}
		return out.CreatedDate.String()
	}},
	{Name: "a batch tells what failed", Want: "1 value, errors: InvalidRequestException ResourceNotFoundException", Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.given(t, s.name+"/marked", "v")
		s.mark(t, s.name+"/marked")
		return s.batch(t, s.name, s.name+"/marked", s.name+"/none")
	}},
	{Name: "a batch with a secret without a value", Key: moto.BatchWithoutValue, Do: func(t *testing.T, s subject) string {
		s.given(t, s.name, "one")
		s.given(t, s.name+"/empty", "")
		return s.batch(t, s.name, s.name+"/empty")
	}},
	{Name: "a batch of 21", Key: moto.BatchOfTooMany, Do: func(t *testing.T, s subject) string {
		_, err := s.BatchGetSecretValue(t.Context(), &sm.BatchGetSecretValueInput{SecretIdList: slices.Repeat([]string{s.name}, 21)})
		return sandboxtest.Outcome(err)
	}},
	{Name: "a plain read after a move", Key: moto.ReadAfterMove, Do: func(t *testing.T, s subject) string {
		s.moved(t)
		return s.read(t, sm.GetSecretValueInput{})
	}},
	{Name: "a batch read after a move", Key: moto.BatchAfterMove, Do: func(t *testing.T, s subject) string {
		s.moved(t)
		out, err := s.BatchGetSecretValue(t.Context(), &sm.BatchGetSecretValueInput{SecretIdList: []string{s.name}})
		if err != nil || len(out.SecretValues) != 1 {
			return sandboxtest.Outcome(err)
		}
		return *out.SecretValues[0].SecretString
	}},
	{Name: "a read by label after a move", Want: "one two", Do: func(t *testing.T, s subject) string {
		s.moved(t)
		return s.read(t, sm.GetSecretValueInput{VersionStage: aws.String("AWSCURRENT")}) + " " +
			s.read(t, sm.GetSecretValueInput{VersionStage: aws.String("AWSPREVIOUS")})
	}},
}
