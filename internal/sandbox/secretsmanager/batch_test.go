package secretsmanager_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/secretsmanager"
)

func TestBatchByID(t *testing.T) {
	t.Parallel()
	e := start(t)
	first := e.create(t, "one", "value of one")
	e.create(t, "two", "value of two")
	e.create(t, "marked", "v")
	e.remove(t, "marked", 7)
	if _, err := e.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: aws.String("empty")}); err != nil {
		t.Fatalf("CreateSecret: %v", err)
	}
	e.server.SetFault(func(operation, secret string) *secretsmanager.Fault {
		if operation == "GetSecretValue" && secret == "two" {
			return &secretsmanager.Fault{Type: "AccessDeniedException", Message: "no"}
		}
		return nil
	})
	out, err := e.BatchGetSecretValue(t.Context(), &sm.BatchGetSecretValueInput{
		SecretIdList: []string{"none", *first.ARN, "two", "marked", "empty"},
	})
	if err != nil {
		t.Fatalf("BatchGetSecretValue: %v", err)
	}
	if len(out.SecretValues) != 1 {
		t.Fatalf("values = %d, want that of one", len(out.SecretValues))
	}
	v := out.SecretValues[0]
	if *v.Name != "one" || *v.SecretString != "value of one" || *v.VersionId != *first.VersionId || !v.CreatedDate.Equal(e.clock.Now()) {
		t.Errorf("value = %s, version %s, made %v", *v.Name, *v.VersionId, v.CreatedDate)
	}
	got := make(map[string]string)
	for _, failed := range out.Errors {
		got[*failed.SecretId] = *failed.ErrorCode
	}
	want := map[string]string{
		"none": "ResourceNotFoundException", "two": "AccessDeniedException",
		"marked": "InvalidRequestException", "empty": "ResourceNotFoundException",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestBatchByFilter(t *testing.T) {
	t.Parallel()
	e := start(t)
	var want []string
	for i := range 45 {
		name := fmt.Sprintf("s%02d", i)
		e.create(t, name, name)
		want = append(want, name)
		e.clock.Advance(time.Second)
	}
	e.create(t, "other", "v")
	var got []string
	calls := 0
	for pages := sm.NewBatchGetSecretValuePaginator(e, &sm.BatchGetSecretValueInput{Filters: filters("name", "s")}); pages.HasMorePages(); calls++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("BatchGetSecretValue: %v", err)
		}
		for _, v := range page.SecretValues {
			got = append(got, *v.SecretString)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || calls != 3 {
		t.Errorf("values in %d calls, want 3 (-want +got):\n%s", calls, diff)
	}
}
