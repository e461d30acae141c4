package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

const (
	secretPrefix = "mobilepay"
	seedTimeout  = 10 * time.Second
)

// seeder puts what the sandbox begins with into the Secrets Manager that
// secrets is, unless it is there: what a person made of it stays.
type seeder struct {
	secrets     secretsClient
	provider    *authserver.Server
	providerURL string
	known       registrations
}

func newSeeder(secrets http.Handler, provider *authserver.Server, providerURL string, known registrations) *seeder {
	return &seeder{
		secrets:  secretsClient{http: http.Client{Transport: authserver.Transport(secrets), Timeout: seedTimeout}},
		provider: provider, providerURL: providerURL, known: known,
	}
}

func (s *seeder) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, seedTimeout)
	defer cancel()
	for _, key := range []string{"sealing-key", "invite-key"} {
		if _, err := s.secrets.create(ctx, secretPrefix+"/"+key, rand.Text()+rand.Text(), nil); err != nil {
			return fmt.Errorf("put the %s in place: %w", key, err)
		}
	}
	for _, client := range seededClients() {
		if err := s.seed(ctx, client); err != nil {
			return fmt.Errorf("put the credentials of %s in place: %w", client.name, err)
		}
		for _, id := range client.grantIDs() {
			if err := s.consent(ctx, id); err != nil {
				return fmt.Errorf("put the grant of %s in place: %w", id, err)
			}
		}
	}
	return nil
}

// seed writes a client's credentials. If they are still word for word what the
// last run put there, and the provider has moved or the sandbox is a newer one
// since, they follow.
func (s *seeder) seed(ctx context.Context, c seeded) error {
	r := s.known.Clients[c.name]
	value := c.credentials(r, s.providerURL)
	created, err := s.secrets.create(ctx, c.secret(), value, map[string]string{
		"client": c.name, "kind": "credentials", "grant-type": string(c.grantType),
	})
	if created || err != nil || s.known.URL == "" {
		return err
	}
	gone, err := s.deleted(ctx, c.secret())
	if gone || err != nil {
		return err
	}
	for _, old := range []string{c.credentials(r, s.known.URL), c.earlierCredentials(r, s.known.URL)} {
		if old == value {
			continue
		}
		if err := s.secrets.replace(ctx, c.secret(), old, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) deleted(ctx context.Context, name string) (bool, error) {
	var described struct{ DeletedDate float64 }
	_, err := s.secrets.call(ctx, "DescribeSecret", map[string]any{"SecretId": name}, &described)
	return described.DeletedDate != 0, err
}

// grantValue is the value of a grant secret (docs/contract.md).
type grantValue struct {
	RefreshToken string    `json:"refresh_token"`
	CodeVerifier string    `json:"code_verifier,omitempty"`
	Scope        string    `json:"scope"`
	Subject      string    `json:"subject"`
	Issuer       string    `json:"issuer"`
	ConsentedAt  time.Time `json:"consented_at"`
	Revision     int64     `json:"revision"`
	Stamp        string    `json:"stamp"`
}

// consent lets a merchant consent, and keeps what a consent function would
// keep, unless there is a grant.
func (s *seeder) consent(ctx context.Context, id token.ID) error {
	name := secretPrefix + "/" + id.String() + "/grant"
	if found, err := s.secrets.exists(ctx, name); found || err != nil {
		return err
	}
	given, err := s.provider.Grant(s.known.Clients[id.Client].ClientID, id.Merchant)
	if err != nil {
		return err
	}
	g := token.Grant{ID: id, RefreshToken: given.RefreshToken}.Stamped(1)
	value, err := json.Marshal(grantValue{
		RefreshToken: given.RefreshToken.Reveal(), CodeVerifier: given.CodeVerifier.Reveal(), Scope: given.Scope,
		Subject: given.Subject, Issuer: given.Issuer, ConsentedAt: given.At.UTC().Truncate(time.Second),
		Revision: g.Revision, Stamp: g.Stamp,
	})
	if err != nil {
		return err
	}
	_, err = s.secrets.create(ctx, name, string(value), map[string]string{
		"client": id.Client, "kind": "grant", "grant-type": string(token.GrantTypeAuthorizationCode),
	})
	return err
}
