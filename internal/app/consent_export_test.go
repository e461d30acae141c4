package app

import (
	"context"

	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// InviteSealer is what seals invites and attempts to consent.
func InviteSealer(a *App) (*seal.Sealer, error) { return newSealer(a.store, inviteKey) }

// Entry is what the journal knows of a grant.
func Entry(ctx context.Context, a *App, id token.ID) (token.Entry, error) {
	return a.grants.journal.Get(ctx, id)
}
