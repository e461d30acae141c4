package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"token-refresher/internal/token"
)

// Store is what looking needs of Secrets Manager.
type Store interface {
	Clients(ctx context.Context, grantType token.GrantType) ([]string, error)
	Credentials(ctx context.Context, clients []string) (map[string]token.Stored[token.Credentials], error)
	AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error)
}

// Journal is what looking needs of the journal.
type Journal interface {
	Get(ctx context.Context, id token.ID) (token.Entry, error)
	// Entries walks over all entries without opening what is sealed.
	Entries(ctx context.Context) iter.Seq2[token.Entry, error]
}

// Inventory says how tokens are doing. Every field is needed.
type Inventory struct {
	Store       Store
	Journal     Journal
	Schedule    token.Schedule
	Concurrency int // entries read at the same time
}

// Status is how the tokens of clients are doing at one moment, by name.
type Status struct {
	Clients []Client `json:"clients"`
}

// Client is one client and its tokens, by id.
type Client struct {
	Name      string          `json:"client"`
	GrantType token.GrantType `json:"grant_type"`
	Problem   string          `json:"problem,omitempty"` // why nothing can be asked for it
	Tokens    []Token         `json:"tokens"`
}

// Status looks at all tokens, at those of a client, or at one: what the filter
// leaves empty, it does not restrict. It fails only if nothing could be read.
func (i *Inventory) Status(ctx context.Context, filter token.ID) (Status, error) {
	status := Status{Clients: []Client{}}
	for _, grantType := range []token.GrantType{token.GrantTypeClientCredentials, token.GrantTypeAuthorizationCode} {
		clients, err := i.clients(ctx, grantType, filter)
		if err != nil {
			return Status{}, err
		}
		status.Clients = append(status.Clients, clients...)
	}
	slices.SortStableFunc(status.Clients, func(a, b Client) int { return cmp.Compare(a.Name, b.Name) })
	return status, nil
}

// clients looks at the clients of one grant type.
func (i *Inventory) clients(ctx context.Context, grantType token.GrantType, filter token.ID) ([]Client, error) {
	names, err := i.Store.Clients(ctx, grantType)
	if err != nil {
		return nil, fmt.Errorf("list clients: %w", err)
	}
	if filter.Client != "" {
		names = slices.DeleteFunc(names, func(name string) bool { return name != filter.Client })
	}
	credentials, err := i.Store.Credentials(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	look := i.published
	if grantType == token.GrantTypeAuthorizationCode {
		look = i.granted
	}
	tokens, err := look(ctx, names, credentials, filter)
	if err != nil {
		return nil, err
	}
	var clients []Client
	for _, name := range names {
		client := Client{Name: name, GrantType: grantType, Tokens: tokens[name]}
		if client.Tokens == nil {
			client.Tokens = []Token{}
		}
		if err := credentials[name].Err; err != nil {
			client.Problem = err.Error()
		}
		clients = append(clients, client)
	}
	return clients, nil
}

// published looks at the access tokens that client credentials ask for.
func (i *Inventory) published(
	ctx context.Context, names []string, credentials map[string]token.Stored[token.Credentials], filter token.ID,
) (map[string][]Token, error) {
	var ids []token.ID
	for _, name := range names {
		if credentials[name].Err == nil {
			ids = append(ids, credentials[name].Value.IDs()...)
		}
	}
	if filter.Merchant != "" {
		ids = slices.DeleteFunc(ids, func(id token.ID) bool { return id != filter })
	}
	stored, err := i.Store.AccessTokens(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read access tokens: %w", err)
	}
	tokens := map[string][]Token{}
	for _, id := range ids {
		shown := i.showPublished(id, stored[id], credentials[id.Client].WrittenAt, time.Now())
		tokens[id.Client] = append(tokens[id.Client], shown)
	}
	return tokens, nil
}

// granted looks at the journal's entries. Their answers are opened only for the
// times in them.
func (i *Inventory) granted(
	ctx context.Context, names []string, _ map[string]token.Stored[token.Credentials], filter token.ID,
) (map[string][]Token, error) {
	ids, err := i.entries(ctx, names, filter)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	tokens := map[string][]Token{}
	var all errgroup.Group
	all.SetLimit(i.Concurrency)
	for _, id := range ids {
		all.Go(func() error {
			entry, err := i.Journal.Get(ctx, id)
			if errors.Is(err, token.ErrNotFound) {
				return nil // gone meanwhile, or never there
			}
			shown := Token{ID: id.String(), State: StateUnreadable}
			if err != nil {
				shown.Problem = err.Error()
			} else {
				shown = i.showEntry(entry, time.Now())
			}
			mu.Lock()
			defer mu.Unlock()
			tokens[id.Client] = append(tokens[id.Client], shown)
			return nil
		})
	}
	_ = all.Wait() // nothing in it returns an error
	for _, list := range tokens {
		slices.SortFunc(list, func(a, b Token) int { return cmp.Compare(a.ID, b.ID) })
	}
	return tokens, nil
}

// entries names the entries of these clients, or the one that is asked for.
func (i *Inventory) entries(ctx context.Context, names []string, filter token.ID) ([]token.ID, error) {
	if len(names) == 0 {
		return nil, nil
	}
	if filter.Client != "" && filter.Merchant != "" {
		return []token.ID{filter}, nil
	}
	var ids []token.ID
	for entry, err := range i.Journal.Entries(ctx) {
		if err != nil && !errors.Is(err, token.ErrUnreadable) {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		if slices.Contains(names, entry.ID.Client) {
			ids = append(ids, entry.ID)
		}
	}
	return ids, nil
}
