package secretsmanager_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"token-refresher/internal/sandbox/sandboxtest"
	"token-refresher/internal/sandbox/secretsmanager"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	open, err := secretsmanager.Open(secretsmanager.Config{Path: path})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = open.Close() })
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a state file\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		config secretsmanager.Config
		want   string
	}{
		{"no path", secretsmanager.Config{}, "no path"},
		{"no folder", secretsmanager.Config{Path: filepath.Join(t.TempDir(), "none", "state.db")}, "opening the state file"},
		{"open elsewhere", secretsmanager.Config{Path: path}, "another process has it open"},
		{"not a state file", secretsmanager.Config{Path: garbage}, "opening the state file"},
		{"negative speed", secretsmanager.Config{Path: path, Speed: -1}, "negative"},
		{"negative rate", secretsmanager.Config{Path: path, WritesPerSecond: -1}, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, err := secretsmanager.Open(tt.config)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open = %v, %v, want an error with %q", server, err, tt.want)
			}
		})
	}
}

// TestReopen: everything is there after a restart, but what was past its window.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	at := func(c *secretsmanager.Config) { c.Path = path }
	var before *sm.DescribeSecretOutput
	ended := sandboxtest.NewClock().Now()
	t.Run("first", func(t *testing.T) {
		e := start(t, at)
		e.create(t, "s", "one")
		e.put(t, "s", "two")
		if _, err := e.TagResource(t.Context(), &sm.TagResourceInput{SecretId: aws.String("s"), Tags: tagsOf("k", "v")}); err != nil {
			t.Fatalf("TagResource: %v", err)
		}
		e.value(t, "s")
		e.create(t, "erased", "v")
		e.remove(t, "erased", 0)
		e.create(t, "marked", "v")
		e.remove(t, "marked", 30)
		e.create(t, "ended", "v")
		ended = *e.remove(t, "ended", 7).DeletionDate
		before = e.describe(t, "s")
	})
	t.Run("second", func(t *testing.T) {
		e := start(t, at, func(c *secretsmanager.Config) {
			later := sandboxtest.NewClock()
			later.Advance(ended.Sub(later.Now()))
			c.Now, c.ListLag = later.Now, time.Hour
		})
		after := e.describe(t, "s")
		options := cmp.Options{
			cmpopts.IgnoreUnexported(sm.DescribeSecretOutput{}, types.Tag{}),
			cmpopts.IgnoreFields(sm.DescribeSecretOutput{}, "ResultMetadata"),
		}
		if diff := cmp.Diff(before, after, options); diff != "" {
			t.Errorf("description after a restart (-before +after):\n%s", diff)
		}
		previous, err := e.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String("s"), VersionStage: aws.String("AWSPREVIOUS")})
		if err != nil || *previous.SecretString != "one" || e.value(t, "s") != "two" {
			t.Errorf("values after a restart: previous %v, %v", previous, err)
		}
		if diff := cmp.Diff([]string{"marked", "s"}, e.names(t, sm.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true), SortBy: "name"})); diff != "" {
			t.Errorf("listed after a restart, at once (-want +got):\n%s", diff)
		}
		e.create(t, "ended", "anew")
	})
}

// TestConcurrentWriters: no update is lost between secrets or within one.
func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	e := start(t)
	const writers, puts = 8, 10
	e.create(t, "shared", "0")
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			own := fmt.Sprintf("own%d", w)
			e.create(t, own, "0")
			for i := range puts {
				e.put(t, "shared", fmt.Sprintf("%d/%d", w, i), fmt.Sprintf("label%d", w))
				e.put(t, own, fmt.Sprint(i))
				e.value(t, own)
				e.names(t, sm.ListSecretsInput{})
			}
		})
	}
	wg.Wait()
	if got := len(e.versions(t, "shared")); got != 1+writers*puts {
		t.Errorf("versions of the shared secret = %d, want %d", got, 1+writers*puts)
	}
	for w := range writers {
		if got := e.value(t, fmt.Sprintf("own%d", w)); got != fmt.Sprint(puts-1) {
			t.Errorf("value of own%d = %q, want the last", w, got)
		}
	}
}

// BenchmarkRead reads among thousands of secrets of many versions.
func BenchmarkRead(b *testing.B) {
	server, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(b.TempDir(), "state.db"), ListLag: -1, Unthrottled: true})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	call := func(operation, body string) {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, sandboxtest.Request("POST", "secretsmanager."+operation, body))
		if w.Code != 200 {
			b.Fatalf("%s: %s", operation, w.Body)
		}
	}
	var ids []string
	for i := range 2000 {
		call("CreateSecret", fmt.Sprintf(`{"Name":"s%d","SecretString":"v","ClientRequestToken":"%s"}`, i, token("a")))
		if i < 20 {
			ids = append(ids, fmt.Sprintf(`"s%d"`, i))
		}
	}
	for operation, body := range map[string]string{
		"GetSecretValue":      `{"SecretId":"s7"}`,
		"BatchGetSecretValue": `{"SecretIdList":[` + strings.Join(ids, ",") + `]}`,
		"ListSecrets":         `{"Filters":[{"Key":"name","Values":["s"]}]}`,
	} {
		b.Run(operation, func(b *testing.B) {
			for b.Loop() {
				call(operation, body)
			}
		})
	}
	n := 0
	b.Run("PutSecretValue", func(b *testing.B) {
		for b.Loop() {
			n++
			call("PutSecretValue", fmt.Sprintf(`{"SecretId":"s%d","SecretString":"v","ClientRequestToken":"%s"}`, n%2000, token(fmt.Sprint(n))))
		}
	})
}
