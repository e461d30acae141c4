package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/rogpeppe/go-internal/testscript"

	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/token"
)

// openVault runs a Secrets Manager for one script, without lag and rates.
func openVault(env *testscript.Env) (url string, err error) {
	vault, err := secretsmanager.Open(secretsmanager.Config{
		Path: filepath.Join(env.WorkDir, ".vault.db"), ListLag: -1, Unthrottled: true,
	})
	if err != nil {
		return "", err
	}
	server := httptest.NewServer(vault)
	env.Defer(func() {
		server.Close()
		_ = vault.Close()
	})
	return server.URL, nil
}

// liveGrant is one that the functions keep.
func liveGrant() token.Grant {
	id := token.ID{Client: "subscriptions", Merchant: "FI12345678"}
	return token.Grant{ID: id, RefreshToken: token.NewSecret("rotated")}.Stamped(2)
}

func vaultClient(url string) *sm.Client {
	return sm.New(sm.Options{
		Region: region, BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// readSecret prints a secret's value, laid out as JSON: secret NAME. With ! there
// must be no such secret.
func readSecret(ts *testscript.TestScript, neg bool, args []string) {
	name := args[0]
	got, err := vaultClient(ts.Getenv("SECRETS")).GetSecretValue(context.Background(), &sm.GetSecretValueInput{SecretId: &name})
	if neg {
		if err == nil {
			ts.Fatalf("secret %s is there", name)
		}
		return
	}
	ts.Check(err)
	var laid bytes.Buffer
	ts.Check(json.Indent(&laid, []byte(aws.ToString(got.SecretString)), "", "  "))
	fmt.Fprintln(ts.Stdout(), laid.String())
}

// putSecret makes or replaces a secret as a person in the console would: put
// NAME FILE [KEY=VALUE…], with tags.
func putSecret(ts *testscript.TestScript, _ bool, args []string) {
	client, value := vaultClient(ts.Getenv("SECRETS")), ts.ReadFile(args[1])
	in := &sm.CreateSecretInput{Name: &args[0], SecretString: &value}
	for _, tag := range args[2:] {
		key, value, _ := strings.Cut(tag, "=")
		in.Tags = append(in.Tags, types.Tag{Key: &key, Value: &value})
	}
	if _, err := client.CreateSecret(context.Background(), in); err == nil {
		return
	}
	_, err := client.PutSecretValue(context.Background(), &sm.PutSecretValueInput{SecretId: &args[0], SecretString: &value})
	ts.Check(err)
}

// countVersions demands that a secret has so many: versions NAME N.
func countVersions(ts *testscript.TestScript, _ bool, args []string) {
	in := &sm.ListSecretVersionIdsInput{SecretId: &args[0], IncludeDeprecated: aws.Bool(true)}
	listed, err := vaultClient(ts.Getenv("SECRETS")).ListSecretVersionIds(context.Background(), in)
	ts.Check(err)
	if got := strconv.Itoa(len(listed.Versions)); got != args[1] {
		ts.Fatalf("%s has %s versions, want %s", args[0], got, args[1])
	}
}

// readTags demands tags: tags NAME KEY=VALUE….
func readTags(ts *testscript.TestScript, _ bool, args []string) {
	described, err := vaultClient(ts.Getenv("SECRETS")).DescribeSecret(context.Background(), &sm.DescribeSecretInput{SecretId: &args[0]})
	ts.Check(err)
	var tags []string
	for _, tag := range described.Tags {
		tags = append(tags, fmt.Sprintf("%s=%s", *tag.Key, *tag.Value))
	}
	for _, want := range args[1:] {
		if !strings.Contains(strings.Join(tags, "\n")+"\n", want+"\n") {
			ts.Fatalf("%s has tags %q, want %s", args[0], tags, want)
		}
	}
}

// expand fills environment variables into a file.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	filled := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(filled), 0o600))
}
