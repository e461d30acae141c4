package operate

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// Store is what looking needs of Secrets Manager.
type Store interface {
	Clients(ctx context.Context, grantType token.GrantType) ([]string, error)
	Untagged(ctx context.Context) ([]string, error)
	Credentials(ctx context.Context, clients []string) (map[string]token.Stored[token.Credentials], error)
	AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error)
	ListGrants(ctx context.Context) ([]token.Listed, error)
	Grants(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.Grant], error)
}

// Journal is what looking needs of the journal.
type Journal interface {
	refresh.Notes
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
	GrantType token.GrantType `json:"grant_type"`        // empty: its credentials do not say
	Problem   string          `json:"problem,omitempty"` // why nothing is asked for it
	Reason    string          `json:"reason,omitempty"`  // why it is stopped: invalid_client or invalid_grant
	Since     time.Time       `json:"since,omitzero"`    // when it was stopped
	Tokens    []Token         `json:"tokens"`
}

// Status looks at all tokens, at those of a client, or at one: what the filter
// leaves empty, it does not restrict. It fails if nothing could be read. Errors:
// *Refusal if there is no such client or token, and those of the stores.
func (i *Inventory) Status(ctx context.Context, filter token.ID) (Status, error) {
	status := Status{Clients: []Client{}}
	for _, grantType := range grantTypes() {
		clients, err := i.clients(ctx, grantType, filter)
		if err != nil {
			return Status{}, err
		}
		status.Clients = append(status.Clients, clients...)
	}
	if filter.Client == "" || len(status.Clients) == 0 {
		untagged, err := i.untagged(ctx, filter)
		if err != nil {
			return Status{}, err
		}
		status.Clients = append(status.Clients, untagged...)
	}
	slices.SortStableFunc(status.Clients, func(a, b Client) int { return cmp.Compare(a.Name, b.Name) })
	if refusal := unknown(status, filter); refusal != nil {
		return Status{}, refusal
	}
	return status, nil
}

func grantTypes() []token.GrantType {
	return []token.GrantType{token.GrantTypeClientCredentials, token.GrantTypeAuthorizationCode}
}

// unknown refuses a filter that nothing was found for. Of a client that cannot
// be asked it is not known which tokens it has.
func unknown(status Status, filter token.ID) *Refusal {
	switch {
	case filter.Client == "":
	case len(status.Clients) == 0:
		return refuse(UnknownToken, "there is no client of this name")
	case filter.Merchant != "" && len(status.Clients[0].Tokens) == 0 && status.Clients[0].Problem == "":
		return refuse(UnknownToken, "the client has no token of this merchant")
	}
	return nil
}

// clients looks at the clients of one grant type.
func (i *Inventory) clients(ctx context.Context, grantType token.GrantType, filter token.ID) ([]Client, error) {
	names, err := i.Store.Clients(ctx, grantType)
	if err != nil {
		return nil, fmt.Errorf("list clients: %w", err)
	}
	names = matching(names, filter)
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
		} else if grantType == token.GrantTypeAuthorizationCode {
			i.showHealth(ctx, &client, credentials[name].Version)
		}
		clients = append(clients, client)
	}
	return clients, nil
}

// untagged are the clients that no sweep finds.
func (i *Inventory) untagged(ctx context.Context, filter token.ID) ([]Client, error) {
	names, err := i.Store.Untagged(ctx)
	if err != nil {
		return nil, fmt.Errorf("list clients without a tag: %w", err)
	}
	var clients []Client
	for _, name := range matching(names, filter) {
		clients = append(clients, Client{Name: name, Problem: untaggedProblem, Tokens: []Token{}})
	}
	return clients, nil
}

const untaggedProblem = "its credentials carry no tag token-refresher:grant-type, so that no sweep finds them: " +
	"store them with `tokens client put`, or tag them"

func matching(names []string, filter token.ID) []string {
	if filter.Client == "" {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { return name != filter.Client })
}

// showHealth says of a client of grants that it is stopped. What was noted of
// other credentials says nothing of these.
func (i *Inventory) showHealth(ctx context.Context, client *Client, version string) {
	health, err := refresh.ReadHealth(ctx, i.Journal, client.Name)
	switch {
	case err != nil:
		client.Problem = err.Error()
	case !health.Stopped || health.Version != version:
	case health.Mass:
		client.Reason, client.Since = refresh.ReasonInvalidGrant, health.Since
		client.Problem = "stopped: the provider refuses many of its grants at once; ask the provider what happened, one success resumes it"
	default:
		client.Reason, client.Since = refresh.ReasonInvalidClient, health.Since
		client.Problem = "stopped: the provider refuses its credentials; store those that it gave you with `tokens client put`"
	}
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
		shown := i.showPublished(id, stored[id], credentials[id.Client], time.Now())
		tokens[id.Client] = append(tokens[id.Client], shown)
	}
	return tokens, nil
}
