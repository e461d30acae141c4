package main

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/journal"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/secretsmanager"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// openProvider opens the dead sandbox's ledger.
func openProvider(t *testing.T, dir string) (*authserver.Server, registrations) {
	t.Helper()
	known, err := state{dir: dir}.registrations()
	if err != nil {
		t.Fatal(err)
	}
	config := authserver.Config{Path: filepath.Join(dir, consentsFile)}
	for _, c := range seededClients() {
		config.Clients = append(config.Clients, c.registered(known.Clients[c.name], func(d time.Duration) time.Duration { return d }))
	}
	provider, err := authserver.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return provider, known
}

// refusedGrants are those that a spent token was presented of.
func refusedGrants(t *testing.T, dir string) map[string]bool {
	t.Helper()
	provider, known := openProvider(t, dir)
	defer provider.Close()
	refused := map[string]bool{}
	for _, consent := range provider.Consents() {
		for name, r := range known.Clients {
			if r.ClientID == consent.Client && consent.Stale > 0 {
				refused[token.ID{Client: name, Merchant: consent.Merchant}.String()] = true
			}
		}
	}
	return refused
}

// lostGrants are those whose live refresh token neither store of the dead
// sandbox holds. found, if any, is given each with its entry, and with the time
// of the answer that nobody kept.
func lostGrants(t *testing.T, dir string, found func(token.ID, token.Entry, time.Time)) (lost []token.ID) {
	t.Helper()
	provider, known := openProvider(t, dir)
	defer provider.Close()
	store, entries, closeStores := openStores(t, dir)
	defer closeStores()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, c := range seededClients() {
		for _, id := range c.grantIDs() {
			live, ok := provider.Live(known.Clients[id.Client].ClientID, id.Merchant)
			if !ok {
				t.Errorf("%s: the provider has no consent", id)
			}
			entry, err := entries.Get(ctx, id)
			if err != nil || entry.Sealed != nil {
				t.Errorf("%s: %v, %v", id, err, entry.Sealed)
			}
			secret := store.Grant(ctx, id)
			if secret.Err != nil {
				t.Errorf("%s: %v", id, secret.Err)
			}
			if !entry.Grant.RefreshToken.Equal(live) && !secret.Value.RefreshToken.Equal(live) {
				lost = append(lost, id)
				if found != nil {
					found(id, entry, issuedAt(provider, live))
				}
			}
		}
	}
	return lost
}

// issuedAt is when the provider issued the refresh token.
func issuedAt(provider *authserver.Server, refreshToken token.Secret) (at time.Time) {
	for _, issued := range provider.RefreshTokens() {
		if issued.Value.Equal(refreshToken) {
			at = issued.Issued
		}
	}
	return at
}

// openStores opens the dead sandbox's Secrets Manager and journal.
func openStores(t *testing.T, dir string) (_ *secretstore.Store, _ *journal.Journal, closeStores func()) {
	t.Helper()
	secrets, err := secretsmanager.Open(secretsmanager.Config{Path: filepath.Join(dir, secretsFile)})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := dynamodb.Open(dynamodb.Config{Path: filepath.Join(dir, journalFile)})
	if err != nil {
		t.Fatal(err)
	}
	store, err := secretstore.New(secretstore.Config{
		Client: secretstore.NewClient(operatorConfig("http://secretsmanager", authserver.Transport(secrets))), Prefix: secretPrefix,
	})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := app.NewSealer(store)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := journal.New(journal.Config{
		Client: journal.NewClient(operatorConfig("http://dynamodb", authserver.Transport(tables))), Table: journalTable, Seal: sealer,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store, entries, func() { _, _ = secrets.Close(), tables.Close() }
}
