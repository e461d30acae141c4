package operate

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
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

	// Next is the last token of a part of the whole: what stands behind it is
	// had by asking for what comes after it. The last part has none.
	Next string `json:"next,omitempty"`
}

// Client is one client and its tokens, by id.
type Client struct {
	Name      string          `json:"client"`
	GrantType token.GrantType `json:"grant_type"`        // empty: its credentials do not say
	Problem   string          `json:"problem,omitempty"` // why nothing is asked for it, or its tokens are not where they are to be
	Reason    string          `json:"reason,omitempty"`  // why it is stopped: invalid_client or invalid_grant
	Since     time.Time       `json:"since,omitzero"`    // when it was stopped
	Tokens    []Token         `json:"tokens"`
}

// Status looks at all tokens, at those of a client, or at one: what the filter
// leaves empty, it does not restrict. It fails if nothing could be read. Errors:
// *serve.Refusal if there is no such client or token, and those of the stores.
func (i *Inventory) Status(ctx context.Context, filter token.ID) (Status, error) {
	return i.look(ctx, filter, token.ID{}, bounds{})
}

// Page is a part of Status that an answer of Lambda has room for and that is
// there before the invocation ends: of what stands behind a token, by client and
// merchant, or of all behind the zero one. The parts are not of one moment.
func (i *Inventory) Page(ctx context.Context, filter, after token.ID) (Status, error) {
	return i.look(ctx, filter, after, boundsOf(ctx))
}

func grantTypes() []token.GrantType {
	return []token.GrantType{token.GrantTypeClientCredentials, token.GrantTypeAuthorizationCode}
}

// unknown refuses a filter that nothing was found for. Of a client that cannot
// be asked it is not known which tokens it has.
func unknown(status Status, filter token.ID) *serve.Refusal {
	switch {
	case filter.Client == "":
	case len(status.Clients) == 0:
		return refuse(serve.UnknownToken, "there is no client of this name")
	case filter.Merchant != "" && len(status.Clients[0].Tokens) == 0 && status.Clients[0].Problem == "":
		return refuse(serve.UnknownToken, "the client has no token of this merchant")
	}
	return nil
}

// subjects are the clients to look at, by name, and the tokens that they have.
func (i *Inventory) subjects(ctx context.Context, filter token.ID) (subjects []*subject, listed map[token.ID]string, err error) {
	for _, grantType := range grantTypes() {
		clients, err := i.clients(ctx, grantType, filter)
		if err != nil {
			return nil, nil, err
		}
		if grantType == token.GrantTypeAuthorizationCode {
			listed, err = i.findGrants(ctx, clients, filter)
		}
		if err != nil {
			return nil, nil, err
		}
		subjects = append(subjects, clients...)
	}
	if filter.Client == "" || len(subjects) == 0 {
		untagged, err := i.untagged(ctx, filter)
		if err != nil {
			return nil, nil, err
		}
		subjects = append(subjects, untagged...)
	}
	slices.SortStableFunc(subjects, func(a, b *subject) int { return cmp.Compare(a.Name, b.Name) })
	return subjects, listed, nil
}

// clients are those of one grant type, and of client credentials the tokens that
// they ask for.
func (i *Inventory) clients(ctx context.Context, grantType token.GrantType, filter token.ID) ([]*subject, error) {
	names, err := i.Store.Clients(ctx, grantType)
	if err != nil {
		return nil, fmt.Errorf("list clients: %w", err)
	}
	names = matching(names, filter)
	credentials, err := i.Store.Credentials(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	var subjects []*subject
	for _, name := range names {
		s := &subject{Client: Client{Name: name, GrantType: grantType, Tokens: []Token{}}, credentials: credentials[name]}
		if err := s.credentials.Err; err != nil {
			s.Problem = err.Error()
		} else if grantType == token.GrantTypeClientCredentials {
			s.ids = slices.DeleteFunc(s.credentials.Value.IDs(), func(id token.ID) bool { return filter.Merchant != "" && id != filter })
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

// untagged are the clients that no sweep finds.
func (i *Inventory) untagged(ctx context.Context, filter token.ID) ([]*subject, error) {
	names, err := i.Store.Untagged(ctx)
	if err != nil {
		return nil, fmt.Errorf("list clients without a tag: %w", err)
	}
	var subjects []*subject
	for _, name := range matching(names, filter) {
		subjects = append(subjects, &subject{Client: Client{Name: name, Problem: untaggedProblem, Tokens: []Token{}}})
	}
	return subjects, nil
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

// showIssued looks at access tokens that client credentials ask for.
func (i *Inventory) showIssued(ctx context.Context, places []place, tokens map[token.ID]Token) error {
	if len(places) == 0 {
		return nil
	}
	var ids []token.ID
	for _, p := range places {
		ids = append(ids, p.id)
	}
	stored, err := i.Store.AccessTokens(ctx, ids)
	if err != nil {
		return fmt.Errorf("read access tokens: %w", err)
	}
	for _, p := range places {
		tokens[p.id] = i.showPublished(p.id, stored[p.id], p.subject.credentials, time.Now())
	}
	return nil
}
