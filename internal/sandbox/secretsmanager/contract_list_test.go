package secretsmanager_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/sandbox/sandboxtest"
)

// list tells the names that a listing of the case's secrets answers, without
// what they have in common.
func (s subject) list(t *testing.T, in sm.ListSecretsInput) string {
	t.Helper()
	in.Filters = append(filters("name", s.name), in.Filters...)
	var names []string
	for pages := sm.NewListSecretsPaginator(s, &in, endless); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			return sandboxtest.Outcome(err)
		}
		for _, secret := range page.SecretList {
			names = append(names, strings.TrimPrefix(*secret.Name, s.name+"/"))
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// some makes three secrets, of which two carry the tag that roles depend on.
func (s subject) some(t *testing.T) {
	t.Helper()
	s.given(t, s.name+"/a", "v", "token-refresher:grant-type", "client_credentials")
	s.given(t, s.name+"/b", "v", "token-refresher:grant-type", "authorization_code", "other", "client_credentials")
	s.given(t, s.name+"/c", "v")
}

var listClauses = []clause{
	{Name: "secrets are listed by prefix", Want: "a b c", Do: func(t *testing.T, s subject) string {
		s.some(t)
		return s.list(t, sm.ListSecretsInput{})
	}},
	{Name: "secrets are listed by tag key", Want: "a b", Do: func(t *testing.T, s subject) string {
		s.some(t)
		return s.list(t, sm.ListSecretsInput{Filters: filters("tag-key", "token-refresher:grant-type")})
	}},
	{Name: "tag key and tag value are independent", Want: "a b", Do: func(t *testing.T, s subject) string {
		s.some(t)
		return s.list(t, sm.ListSecretsInput{Filters: slices.Concat(filters("tag-key", "token-refresher:grant-type"), filters("tag-value", "client_credentials"))})
	}},
	{Name: "tag filters match prefixes", Want: "a b", Do: func(t *testing.T, s subject) string {
		s.some(t)
		return s.list(t, sm.ListSecretsInput{Filters: filters("tag-key", "token-refresher:")})
	}},
	{Name: "pages join up", Want: "a b c", Do: func(t *testing.T, s subject) string {
		s.some(t)
		return s.list(t, sm.ListSecretsInput{MaxResults: aws.Int32(1)})
	}},
	{Name: "a tag added later is listed", Want: "c", Do: func(t *testing.T, s subject) string {
		s.some(t)
		if _, err := s.TagResource(t.Context(), &sm.TagResourceInput{SecretId: aws.String(s.name + "/c"), Tags: tagsOf("late", "v")}); err != nil {
			t.Fatalf("TagResource: %v", err)
		}
		return s.list(t, sm.ListSecretsInput{Filters: filters("tag-key", "late")})
	}},
	{Name: "deleted secrets are not listed", Want: "a c", Do: func(t *testing.T, s subject) string {
		s.some(t)
		s.mark(t, s.name+"/b")
		return s.list(t, sm.ListSecretsInput{})
	}},
	{Name: "planned deletions are listed on demand", Want: "a b c", Do: func(t *testing.T, s subject) string {
		s.some(t)
		s.mark(t, s.name+"/b")
		return s.list(t, sm.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
	}},
	{Name: "a list tells the current version and the tags", Want: "AWSCURRENT a=b", Do: func(t *testing.T, s subject) string {
		id := s.given(t, s.name, "v", "a", "b").VersionId
		out, err := s.ListSecrets(t.Context(), &sm.ListSecretsInput{Filters: filters("name", s.name)})
		if err != nil || len(out.SecretList) != 1 {
			t.Fatalf("ListSecrets = %v, %v", out, err)
		}
		listed := out.SecretList[0]
		return strings.Join(listed.SecretVersionsToStages[*id], " ") + " " + tagText(listed.Tags)
	}},
}

func tagText(tags []types.Tag) string {
	var texts []string
	for _, tag := range tags {
		texts = append(texts, *tag.Key+"="+*tag.Value)
	}
	return strings.Join(texts, " ")
}
