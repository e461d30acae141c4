package secretsmanager_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/sandboxtest"
)

func TestTags(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.create(t, "s", "v")
	tag := func(pairs ...string) error {
		_, err := e.TagResource(t.Context(), &sm.TagResourceInput{SecretId: aws.String("s"), Tags: tagsOf(pairs...)})
		return err
	}
	if err := tag("a", "1", "b", "2"); err != nil {
		t.Fatalf("TagResource: %v", err)
	}
	if err := tag("a", "3", "c", ""); err != nil {
		t.Fatalf("TagResource again: %v", err)
	}
	if _, err := e.UntagResource(t.Context(), &sm.UntagResourceInput{SecretId: aws.String("s"), TagKeys: []string{"b", "none"}}); err != nil {
		t.Fatalf("UntagResource: %v", err)
	}
	got := make(map[string]string)
	for _, tag := range e.describe(t, "s").Tags {
		got[*tag.Key] = *tag.Value
	}
	if diff := cmp.Diff(map[string]string{"a": "3", "c": ""}, got); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	for i := range 48 {
		if err := tag(fmt.Sprintf("more%d", i), ""); err != nil {
			t.Fatalf("tag %d: %v", i+3, err)
		}
	}
	sandboxtest.WantError(t, tag("one too many", ""), "InvalidParameterException", "50")
}

func TestRandomPassword(t *testing.T) {
	t.Parallel()
	e := start(t)
	tests := []struct {
		name   string
		in     sm.GetRandomPasswordInput
		length int
		never  string
		always string // at least one of these
	}{
		{"as it comes", sm.GetRandomPasswordInput{}, 32, " ", "0123456789"},
		{"long", sm.GetRandomPasswordInput{PasswordLength: aws.Int64(4096), IncludeSpace: aws.Bool(true)}, 4096, "", " "},
		{"one of each", sm.GetRandomPasswordInput{PasswordLength: aws.Int64(4)}, 4, "", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
		{"digits", sm.GetRandomPasswordInput{ExcludeLowercase: aws.Bool(true), ExcludeUppercase: aws.Bool(true), ExcludePunctuation: aws.Bool(true), ExcludeCharacters: aws.String("01")}, 32, "01aA!", "23456789"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := e.GetRandomPassword(t.Context(), &tt.in)
			if err != nil {
				t.Fatalf("GetRandomPassword: %v", err)
			}
			if p := *out.RandomPassword; len(p) != tt.length || strings.ContainsAny(p, tt.never) || !strings.ContainsAny(p, tt.always) {
				t.Errorf("password of %d characters breaks the policy, want %d", len(p), tt.length)
			}
		})
	}
	_, err := e.GetRandomPassword(t.Context(), &sm.GetRandomPasswordInput{PasswordLength: aws.Int64(3)})
	sandboxtest.WantError(t, err, "InvalidParameterException", "Password length is too short based on the required types.")
	_, err = e.GetRandomPassword(t.Context(), &sm.GetRandomPasswordInput{PasswordLength: aws.Int64(4097)})
	sandboxtest.WantError(t, err, "ValidationException", "passwordLength")
}
