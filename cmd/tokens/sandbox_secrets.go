package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// secretsClient calls the emulator as its own operator, in the service's own
// protocol: writing credentials is an operator's work, and no function has a
// call for it.
type secretsClient struct{ http http.Client }

// create makes a secret, and reports false if there is one of the name: also
// one that is scheduled for deletion.
func (c *secretsClient) create(ctx context.Context, name, value string, tags map[string]string) (created bool, err error) {
	var list []map[string]string
	for key, value := range tags {
		list = append(list, map[string]string{"Key": "token-refresher:" + key, "Value": value})
	}
	fault, err := c.call(ctx, "CreateSecret", map[string]any{
		"Name": name, "SecretString": value, "Tags": list, "ClientRequestToken": requestToken(),
	}, nil)
	if fault == "ResourceExistsException" || fault == "InvalidRequestException" {
		return false, nil
	}
	return err == nil, err
}

// exists reports whether there is a secret of the name, deleted or not.
func (c *secretsClient) exists(ctx context.Context, name string) (bool, error) {
	fault, err := c.call(ctx, "DescribeSecret", map[string]any{"SecretId": name}, nil)
	if fault == "ResourceNotFoundException" {
		return false, nil
	}
	return err == nil, err
}

// replace writes value in the place of a value that is still old.
func (c *secretsClient) replace(ctx context.Context, name, old, value string) error {
	var current struct{ SecretString string }
	_, err := c.call(ctx, "GetSecretValue", map[string]any{"SecretId": name}, &current)
	if err != nil || current.SecretString != old {
		return err
	}
	_, err = c.call(ctx, "PutSecretValue", map[string]any{
		"SecretId": name, "SecretString": value, "ClientRequestToken": requestToken(),
	}, nil)
	return err
}

// call makes one call of the service's JSON 1.1 protocol. fault is the name of
// the service's error, empty if there is none or it was not reached.
func (c *secretsClient) call(ctx context.Context, operation string, input, output any) (fault string, err error) {
	body, err := json.Marshal(input)
	if err != nil {
		return "", fmt.Errorf("%s: %w", operation, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://secretsmanager/", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("%s: %w", operation, err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "secretsmanager."+operation)
	response, err := c.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("%s: %w", operation, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("%s: %w", operation, err)
	}
	if response.StatusCode != http.StatusOK {
		var refusal struct {
			Type string `json:"__type"`
		}
		_ = json.Unmarshal(answer, &refusal) // without a type the status says enough
		return refusal.Type, fmt.Errorf("%s: %s %s", operation, response.Status, refusal.Type)
	}
	if output == nil {
		return "", nil
	}
	return "", json.Unmarshal(answer, output)
}

// requestToken makes a fresh version id: a UUID, as the SDKs send it.
func requestToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
