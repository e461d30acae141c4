package app

import (
	"context"
	"errors"
	"fmt"

	"token-refresher/internal/seal"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// The secrets, below the prefix, that the stack made to derive keys from.
const (
	sealingKey = "sealing-key" // of journal values
	inviteKey  = "invite-key"  // of invites and attempts to consent
)

// minVersion is the length of the shortest version id (Secrets Manager API
// reference, GetSecretValue).
const minVersion = 32

// NewSealer returns what seals and opens journal values, with the key that the
// stack made in the store. It makes no call.
func NewSealer(store *secretstore.Store) (*seal.Sealer, error) { return newSealer(store, sealingKey) }

// NewInviteSealer returns what seals and opens invites, likewise.
func NewInviteSealer(store *secretstore.Store) (*seal.Sealer, error) {
	return newSealer(store, inviteKey)
}

func newSealer(store *secretstore.Store, name string) (*seal.Sealer, error) {
	return seal.New(seal.Config{Keys: keys{store, name}})
}

// keys are the versions of a secret that the stack made.
type keys struct {
	store *secretstore.Store
	name  string
}

// Current implements seal.Keys.
func (k keys) Current(ctx context.Context) (version string, key []byte, err error) {
	stored := k.store.Secret(ctx, k.name, "")
	return stored.Version, []byte(stored.Value.Reveal()), stored.Err
}

// Version implements seal.Keys. An id that is too short for one was made up by
// whoever sent what is to be opened: Secrets Manager would call the question
// wrong, which must not look like an outage.
func (k keys) Version(ctx context.Context, version string) ([]byte, error) {
	if len(version) < minVersion {
		return nil, seal.ErrUnknownKey
	}
	stored := k.store.Secret(ctx, k.name, version)
	if errors.Is(stored.Err, token.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", seal.ErrUnknownKey, stored.Err)
	}
	return []byte(stored.Value.Reveal()), stored.Err
}
