package secretsmanager_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/secretsmanager"
)

// endless ends a listing that would go on for ever.
func endless(o *sm.ListSecretsPaginatorOptions) { o.StopOnDuplicateToken = true }

// names lists all pages.
func (e emulator) names(t *testing.T, in sm.ListSecretsInput) []string {
	t.Helper()
	var names []string
	for pages := sm.NewListSecretsPaginator(e, &in, endless); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("ListSecrets: %v", err)
		}
		for _, s := range page.SecretList {
			names = append(names, *s.Name)
		}
	}
	return names
}

func tagsOf(pairs ...string) []types.Tag {
	var tags []types.Tag
	for pair := range slices.Chunk(pairs, 2) {
		tags = append(tags, types.Tag{Key: &pair[0], Value: &pair[1]})
	}
	return tags
}

func TestFilters(t *testing.T) {
	t.Parallel()
	e := start(t)
	for _, s := range []struct {
		name, description string
		tags              []types.Tag
	}{
		{"mobilepay/pos/credentials", "Point of Sale", tagsOf("token-refresher:grant-type", "client_credentials", "team", "payments")},
		{"mobilepay/web/credentials", "Web shop", tagsOf("token-refresher:grant-type", "authorization_code")},
		{"Mobilepay/other", "", nil},
	} {
		in := sm.CreateSecretInput{Name: &s.name, Description: &s.description, Tags: s.tags}
		if _, err := e.CreateSecret(t.Context(), &in); err != nil {
			t.Fatalf("CreateSecret: %v", err)
		}
		e.clock.Advance(time.Second)
	}
	const pos, web, other = "mobilepay/pos/credentials", "mobilepay/web/credentials", "Mobilepay/other"
	tests := []struct {
		name    string
		filters []types.Filter
		want    []string
	}{
		{"none", nil, []string{pos, web, other}},
		{"name: prefix", filters("name", "mobilepay/"), []string{pos, web}},
		{"name: not in the middle", filters("name", "pay"), nil},
		{"name: one of two", filters("name", "mobilepay/web", "Mobile"), []string{web, other}},
		{"name: negated", filters("name", "!mobilepay/"), []string{other}},
		{"tag-key: prefix", filters("tag-key", "token-refresher:"), []string{pos, web}},
		{"tag-key: case matters", filters("tag-key", "Team"), nil},
		{"tag-value: prefix", filters("tag-value", "client"), []string{pos}},
		{"tag-value: negated", filters("tag-value", "!client_credentials"), []string{web, other}},
		{"tag-value: of any key", filters("tag-value", "payments"), []string{pos}},
		{"both must match", slices.Concat(filters("tag-key", "token-refresher:grant-type"), filters("tag-value", "client_credentials")), []string{pos}},
		{"description: any case", filters("description", "point OF"), []string{pos}},
		{"all: words anywhere, any case", filters("all", "SHOP mobilepay"), []string{web}},
		{"all: a tag", filters("all", "payments"), []string{pos}},
		{"all: a word too many", filters("all", "shop sale"), nil},
		{"primary-region: nothing has one", filters("primary-region", "eu"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, e.names(t, sm.ListSecretsInput{Filters: tt.filters})); diff != "" {
				t.Errorf("listed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOrderAndPages(t *testing.T) {
	t.Parallel()
	e := start(t)
	// Names, creation and last change are in three different orders.
	for _, name := range []string{"b", "c", "a"} {
		e.create(t, name, "v")
		e.clock.Advance(time.Second)
	}
	e.put(t, "c", "v")
	e.clock.Advance(time.Second)
	e.put(t, "b", "v")
	tests := []struct {
		by    types.SortByType
		order types.SortOrderType
		want  string
	}{
		{"", "", "bca"},
		{"", types.SortOrderTypeDesc, "acb"},
		{types.SortByTypeName, types.SortOrderTypeAsc, "abc"},
		{types.SortByTypeName, types.SortOrderTypeDesc, "cba"},
		{types.SortByTypeLastChangedDate, "", "acb"},
		{types.SortByTypeLastAccessedDate, "", "abc"},
	}
	for _, tt := range tests {
		for size := range int32(3) {
			name := fmt.Sprintf("%s %s by %d", tt.by, tt.order, size+1)
			got := strings.Join(e.names(t, sm.ListSecretsInput{SortBy: tt.by, SortOrder: tt.order, MaxResults: aws.Int32(size + 1)}), "")
			if got != tt.want {
				t.Errorf("%s: listed %s, want %s", name, got, tt.want)
			}
		}
	}
}

// TestPagesUnderChange: what is made or deleted between two pages neither hides
// nor repeats others.
func TestPagesUnderChange(t *testing.T) {
	t.Parallel()
	e := start(t)
	for i := range 9 {
		e.create(t, fmt.Sprintf("s%d", i), "v")
		e.clock.Advance(time.Second)
	}
	pages := sm.NewListSecretsPaginator(e, &sm.ListSecretsInput{MaxResults: aws.Int32(3)})
	var got []string
	for n := 0; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("ListSecrets: %v", err)
		}
		for _, s := range page.SecretList {
			got = append(got, *s.Name)
		}
		if n == 0 {
			e.remove(t, "s1", 0) // listed already
			e.remove(t, "s2", 0) // where the next page begins
			e.create(t, "s9", "v")
		}
	}
	want := []string{"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
}

func TestListEntry(t *testing.T) {
	t.Parallel()
	e := start(t)
	made := e.clock.Now()
	arn := *e.create(t, "s", "one").ARN
	deprecated := e.put(t, "s", "two", "own")
	e.put(t, "s", "three", "own")
	e.clock.Advance(90*time.Minute + 250*time.Millisecond)
	current := e.put(t, "s", "four")
	e.value(t, "s")
	if _, err := e.TagResource(t.Context(), &sm.TagResourceInput{SecretId: &arn, Tags: tagsOf("k", "v")}); err != nil {
		t.Fatalf("TagResource: %v", err)
	}
	e.create(t, "marked", "v")
	e.remove(t, "marked", 7)

	out, err := e.ListSecrets(t.Context(), &sm.ListSecretsInput{})
	if err != nil || len(out.SecretList) != 1 {
		t.Fatalf("ListSecrets = %d secrets, %v, want the one that is not marked", len(out.SecretList), err)
	}
	got := out.SecretList[0]
	if *got.ARN != arn || !got.CreatedDate.Equal(made) || !got.LastChangedDate.Equal(e.clock.Now()) {
		t.Errorf("entry = %s, made %v, changed %v, want %s, %v, %v", *got.ARN, got.CreatedDate, got.LastChangedDate, arn, made, e.clock.Now())
	}
	if want := made.Truncate(24 * time.Hour); got.LastAccessedDate == nil || !got.LastAccessedDate.Equal(want) {
		t.Errorf("LastAccessedDate = %v, want the day %v", got.LastAccessedDate, want)
	}
	if len(got.Tags) != 1 || *got.Tags[0].Key != "k" || *got.Tags[0].Value != "v" {
		t.Errorf("tags = %v, want k=v", got.Tags)
	}
	stages := got.SecretVersionsToStages
	if len(stages) != 3 || !cmp.Equal(stages[current], []string{"AWSCURRENT"}) || stages[deprecated] != nil {
		t.Errorf("versions = %v, want three with labels and none without", stages)
	}
	if got := e.names(t, sm.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)}); len(got) != 2 {
		t.Errorf("with planned deletions = %v, want both", got)
	}
}

func TestListLag(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lag   time.Duration
		speed float64
		want  time.Duration
	}{
		{"as AWS says", 0, 0, 5 * time.Minute},
		{"as configured", time.Minute, 0, time.Minute},
		{"divided by the speed", 0, 30, 10 * time.Second},
		{"none", -1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t, func(c *secretsmanager.Config) { c.ListLag, c.Speed = tt.lag, tt.speed })
			// appears checks that a change shows after the lag and not before.
			appears := func(what, filter string, want ...string) {
				t.Helper()
				list := func() []string {
					return e.names(t, sm.ListSecretsInput{Filters: filters("tag-value", filter)})
				}
				if tt.want > 0 {
					e.clock.Advance(tt.want - time.Millisecond)
					if got := list(); slices.Equal(got, want) {
						t.Errorf("%s shows before the lag", what)
					}
					e.clock.Advance(time.Millisecond)
				}
				if got := list(); !slices.Equal(got, want) {
					t.Errorf("%s: listed %v after the lag, want %v", what, got, want)
				}
			}
			retag := func(value string) {
				t.Helper()
				if _, err := e.TagResource(t.Context(), &sm.TagResourceInput{SecretId: aws.String("s"), Tags: tagsOf("k", value)}); err != nil {
					t.Fatalf("TagResource: %v", err)
				}
			}
			if _, err := e.CreateSecret(t.Context(), &sm.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("v"), Tags: tagsOf("k", "one")}); err != nil {
				t.Fatalf("CreateSecret: %v", err)
			}
			if got := e.value(t, "s"); got != "v" {
				t.Errorf("a read by name lags: %q", got)
			}
			appears("a new secret", "one", "s")
			retag("two")
			appears("a new tag", "two", "s")
			e.remove(t, "s", 7)
			appears("a deletion", "two")
			if _, err := e.RestoreSecret(t.Context(), &sm.RestoreSecretInput{SecretId: aws.String("s")}); err != nil {
				t.Fatalf("RestoreSecret: %v", err)
			}
			appears("a restored secret", "two", "s")
			e.remove(t, "s", 0)
			appears("a forced deletion", "two")
		})
	}
}

func TestListVersions(t *testing.T) {
	t.Parallel()
	e := start(t)
	want := []string{*e.create(t, "s", "v").VersionId}
	for range 4 {
		e.clock.Advance(time.Second)
		want = append(want, e.put(t, "s", "v"))
	}
	list := func(deprecated bool) []string {
		var ids []string
		in := sm.ListSecretVersionIdsInput{SecretId: aws.String("s"), MaxResults: aws.Int32(2), IncludeDeprecated: &deprecated}
		for pages := sm.NewListSecretVersionIdsPaginator(e, &in); pages.HasMorePages(); {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatalf("ListSecretVersionIds: %v", err)
			}
			for _, v := range page.Versions {
				ids = append(ids, *v.VersionId)
			}
		}
		return ids
	}
	if diff := cmp.Diff(want, list(true)); diff != "" {
		t.Errorf("with deprecated versions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[3:], list(false)); diff != "" {
		t.Errorf("without deprecated versions (-want +got):\n%s", diff)
	}
}
