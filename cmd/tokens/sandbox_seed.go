package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// What the sandbox begins with: one integrator client.
const (
	secretPrefix = "mobilepay"
	seedClient   = "pos"
	seedSecret   = secretPrefix + "/" + seedClient + "/credentials"
	seedTimeout  = 10 * time.Second
)

// seed puts the credentials of client pos into the Secrets Manager that secrets
// is, unless there are some: what a person made of them stays. Only if they are
// still word for word what the last run put there, and the provider has moved
// since, they follow it.
//
// It speaks the service's own protocol: writing credentials is an operator's
// work, and no function has a call for it.
func seed(ctx context.Context, secrets http.Handler, r registration, providerURL string) error {
	ctx, cancel := context.WithTimeout(ctx, seedTimeout)
	defer cancel()
	c := secretsClient{http: http.Client{Transport: authserver.Transport(secrets), Timeout: seedTimeout}}
	fault, err := c.call(ctx, "CreateSecret", map[string]any{
		"Name":         seedSecret,
		"Description":  "Client of the sandbox's authorization server",
		"SecretString": seedCredentials(r, providerURL),
		"Tags": []map[string]string{
			{"Key": "token-refresher:client", "Value": seedClient},
			{"Key": "token-refresher:kind", "Value": "credentials"},
			{"Key": "token-refresher:grant-type", "Value": string(token.GrantTypeClientCredentials)},
		},
		"ClientRequestToken": requestToken(),
	}, nil)
	if fault == "ResourceExistsException" && r.URL != "" && r.URL != providerURL {
		return c.follow(ctx, r, providerURL)
	}
	// Scheduled for deletion is what a person made of them, too.
	if fault == "ResourceExistsException" || fault == "InvalidRequestException" {
		return nil
	}
	return err
}

// seedCredentials is the value of the credentials secret.
func seedCredentials(r registration, providerURL string) string {
	value, _ := json.MarshalIndent(map[string]any{ // strings and lists of them: it cannot fail
		"provider": map[string]any{
			"grant_type":                 token.GrantTypeClientCredentials,
			"issuer":                     providerURL + "/integrator-authentication",
			"token_endpoint":             providerURL + authserver.TokenPath,
			"token_endpoint_auth_method": "client_secret_basic",
			"headers":                    map[string]string{"X-IBM-Client-Id": "{client_id}"},
			"merchant_parameter":         "merchant_vat",
			"merchant_pattern":           "^(DK|FI)[0-9]{8}$",
		},
		"client_id":     r.ClientID,
		"client_secret": r.Secret.Reveal(),
		"merchants":     []string{"DK12345678", "FI12345678"},
	}, "", "  ")
	return string(value)
}

// secretsClient calls the emulator as its own operator.
type secretsClient struct{ http http.Client }

// follow moves credentials that nobody changed to where the provider is now.
func (c *secretsClient) follow(ctx context.Context, r registration, providerURL string) error {
	var current struct{ SecretString string }
	_, err := c.call(ctx, "GetSecretValue", map[string]any{"SecretId": seedSecret}, &current)
	if err != nil || current.SecretString != seedCredentials(r, r.URL) {
		return err
	}
	_, err = c.call(ctx, "PutSecretValue", map[string]any{
		"SecretId":           seedSecret,
		"SecretString":       seedCredentials(r, providerURL),
		"ClientRequestToken": requestToken(),
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
