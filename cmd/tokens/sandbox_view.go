package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

// tokenStore is what the status page reads; *secretstore.Store has it.
type tokenStore interface {
	Clients(ctx context.Context, grantType token.GrantType) ([]string, error)
	Credentials(ctx context.Context, clients []string) (map[string]token.Stored[token.Credentials], error)
	AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error)
}

// board is what the status page shows: the sandbox's secrets as a consumer
// would find them, and its provider's faults.
type board struct {
	store    tokenStore
	schedule token.Schedule
	speed    int
	history  *history
	provider *authserver.Server
}

// View implements statuspage.Source.
func (b *board) View(ctx context.Context) (statuspage.View, error) {
	view := statuspage.View{Speed: b.speed, Sweeps: b.history.list(), Faults: b.faults()}
	names, err := b.store.Clients(ctx, token.GrantTypeClientCredentials)
	if err != nil {
		return view, fmt.Errorf("list clients: %w", err)
	}
	credentials, err := b.store.Credentials(ctx, names)
	if err != nil {
		return view, fmt.Errorf("read credentials: %w", err)
	}
	var ids []token.ID
	for _, name := range names {
		view.Clients = append(view.Clients, showClient(name, credentials[name]))
		ids = append(ids, credentials[name].Value.IDs()...)
	}
	tokens, err := b.store.AccessTokens(ctx, ids)
	if err != nil {
		return view, fmt.Errorf("read access tokens: %w", err)
	}
	now := time.Now()
	for _, id := range ids {
		view.Tokens = append(view.Tokens, b.showToken(id, tokens[id], credentials[id.Client].WrittenAt, now))
	}
	return view, nil
}

func showClient(name string, stored token.Stored[token.Credentials]) statuspage.Client {
	client := statuspage.Client{Name: name, GrantType: token.GrantTypeClientCredentials, Tokens: len(stored.Value.IDs())}
	if stored.Err != nil {
		client.Problem = stored.Err.Error()
	}
	return client
}

func (b *board) showToken(id token.ID, stored token.Stored[token.AccessToken], credentialsAt, now time.Time) statuspage.Token {
	shown := statuspage.Token{ID: id.String(), Version: stored.Version}
	switch {
	case errors.Is(stored.Err, token.ErrNotFound):
		shown.State = statuspage.StateMissing
		return shown
	case stored.Err != nil:
		shown.State, shown.Problem = statuspage.StateUnreadable, stored.Err.Error()
		return shown
	}
	shown.IssuedAt, shown.ExpiresAt = stored.Value.IssuedAt, stored.Value.ExpiresAt
	shown.DueAt = b.schedule.DueAt(stored.Value)
	shown.State = b.judge(stored, credentialsAt, now)
	return shown
}

func (b *board) judge(stored token.Stored[token.AccessToken], credentialsAt, now time.Time) statuspage.State {
	if !now.Before(stored.Value.ExpiresAt) {
		return statuspage.StateExpired
	}
	switch b.schedule.Judge(now, stored.Value, stored.WrittenAt, credentialsAt) {
	case token.Due:
		return statuspage.StateDue
	case token.Held:
		return statuspage.StateHeld
	default:
		return statuspage.StateFresh
	}
}

// offered are the faults that have a switch. All others are a curl away.
func offered() []statuspage.Fault {
	return []statuspage.Fault{
		{Name: string(authserver.Unavailable), Meaning: "Answers 503, service unavailable"},
		{Name: string(authserver.Throttle), Meaning: "Answers 429, too many requests"},
		{Name: string(authserver.Hang), Meaning: "Takes requests and never answers"},
		{Name: string(authserver.ResetAfter), Meaning: "Issues a token, then drops the connection"},
		{Name: string(authserver.InvalidClient), Meaning: "Refuses the client's credentials"},
		{Name: string(authserver.TextPlain), Meaning: "Labels its answers text/plain"},
	}
}

// faults are the offered ones and those that somebody else switched on.
func (b *board) faults() []statuspage.Fault {
	list := offered()
	for _, fault := range b.provider.Faults() {
		name := string(fault.Kind)
		i := slices.IndexFunc(list, func(f statuspage.Fault) bool { return f.Name == name })
		if i < 0 {
			list = append(list, statuspage.Fault{Name: name, Meaning: name})
			i = len(list) - 1
		}
		list[i].On = true
	}
	return list
}

// SetFault implements statuspage.Switch: for every client, until it is switched
// off. The provider has one fault at a time, so one replaces another.
func (b *board) SetFault(_ context.Context, name string, on bool) error {
	if on {
		return b.provider.SetFault(authserver.Fault{Kind: authserver.Kind(name)})
	}
	for _, fault := range b.provider.Faults() {
		if string(fault.Kind) == name {
			b.provider.ClearFault(fault.ClientID)
		}
	}
	return nil
}
