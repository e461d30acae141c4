package app

import (
	"context"
	"fmt"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// revoke revokes a grant's refresh token with the credentials that its client
// has now. Errors: token.ErrNoRevocation, what is wrong with the credentials,
// *oauth.Error, and the store's.
func (a *App) revoke(ctx context.Context, grant token.Grant) error {
	client := grant.ID.Client
	all, err := a.store.Credentials(ctx, []string{client})
	if err == nil {
		err = all[client].Err
	}
	if err != nil {
		return fmt.Errorf("read credentials: %w", err)
	}
	credentials := all[client].Value
	p, err := a.parseProvider(credentials, token.GrantTypeAuthorizationCode)
	if err != nil {
		return err
	}
	return a.oauth.Revoke(ctx, p, credentials, grant.RefreshToken)
}

// tellOf sends what has happened to one grant.
func (a *App) tellOf(ctx context.Context, id token.ID, notices []token.Notice) error {
	var events []refresh.Event
	for _, n := range notices {
		events = append(events, refresh.Event{Type: refresh.EventType(n.Type), ID: id, Reason: n.Reason, Since: n.Since})
	}
	_, err := a.Events.Send(ctx, Told(ctx, a.Log, events))
	return err
}
