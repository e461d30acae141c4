package main

import (
	"context"
	"slices"

	"token-refresher/internal/operate"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

// inventory is what the status page asks; *operate.Inventory is one.
type inventory interface {
	Status(ctx context.Context, filter token.ID) (operate.Status, error)
}

// board is what the status page shows: the sandbox's tokens as an operator would
// find them, and its provider's faults.
type board struct {
	inventory inventory
	speed     int
	history   *history
	provider  *authserver.Server
}

// View implements statuspage.Source.
func (b *board) View(ctx context.Context) (statuspage.View, error) {
	view := statuspage.View{Speed: b.speed, Sweeps: b.history.list(), Faults: b.faults()}
	status, err := b.inventory.Status(ctx, token.ID{})
	if err != nil {
		return view, err
	}
	for _, client := range status.Clients {
		view.Clients = append(view.Clients, statuspage.Client{
			Name: client.Name, GrantType: client.GrantType, Tokens: len(client.Tokens), Problem: client.Problem,
		})
		for _, t := range client.Tokens {
			view.Tokens = append(view.Tokens, show(t))
		}
	}
	return view, nil
}

// show is a token as the page wants it.
func show(t operate.Token) statuspage.Token {
	return statuspage.Token{
		ID: t.ID, State: statuspage.State(t.State), Problem: t.Problem, Outcome: string(t.Outcome),
		IssuedAt: t.IssuedAt, DueAt: t.DueAt, ExpiresAt: t.ExpiresAt,
		Version: t.Version, Revision: t.Revision, PublishedRevision: t.PublishedRevision,
		ConsentedAt: t.ConsentedAt, Since: t.Since, Reason: t.Reason,
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
