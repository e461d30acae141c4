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

// Version implements seal.Keys.
func (k keys) Version(ctx context.Context, version string) ([]byte, error) {
	stored := k.store.Secret(ctx, k.name, version)
	if errors.Is(stored.Err, token.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", seal.ErrUnknownKey, stored.Err)
	}
	return []byte(stored.Value.Reveal()), stored.Err
}
