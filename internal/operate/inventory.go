package operate

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// Store is what looking needs of Secrets Manager.
type Store interface {
	// Survey lists all secrets once: the grant types of clients, empty where
	// their credentials carry no usable tag, and the grants.
	Survey(ctx context.Context) (clients map[string]token.GrantType, grants []token.Listed, err error)
	Credentials(ctx context.Context, clients []string) (map[string]token.Stored[token.Credentials], error)
	AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error)
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

// subjects are the clients to look at, by name, with the ids of their tokens, and
// the current versions of the grants' secrets.
func (i *Inventory) subjects(ctx context.Context, filter token.ID) ([]*subject, map[token.ID]string, error) {
	grantTypes, listed, err := i.survey(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list secrets: %w", err)
	}
	maps.DeleteFunc(grantTypes, func(name string, _ token.GrantType) bool { return filter.Client != "" && name != filter.Client })
	credentials, err := i.Store.Credentials(ctx, tagged(grantTypes))
	if err != nil {
		return nil, nil, fmt.Errorf("read credentials: %w", err)
	}
	var subjects []*subject
	granted := map[string]*subject{}
	for _, name := range slices.Sorted(maps.Keys(grantTypes)) {
		s := newSubject(name, grantTypes[name], credentials[name])
		if s.GrantType == token.GrantTypeAuthorizationCode {
			granted[name] = s
		}
		s.ids = slices.DeleteFunc(s.ids, func(id token.ID) bool { return filter.Merchant != "" && id != filter })
		subjects = append(subjects, s)
	}
	versions, err := i.findGrants(ctx, granted, listed, filter)
	return subjects, versions, err
}

// survey lists clients and grants. A client is also one that has grants and no
// credentials any more: nothing else tells of its tokens.
func (i *Inventory) survey(ctx context.Context) (clients map[string]token.GrantType, grants []token.Listed, err error) {
	clients, grants, err = i.Store.Survey(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, grant := range grants {
		if _, known := clients[grant.ID.Client]; !known && !grant.Deleted {
			clients[grant.ID.Client] = token.GrantTypeAuthorizationCode
		}
	}
	return clients, grants, nil
}

// tagged are the clients whose credentials can be found, by name.
func tagged(grantTypes map[string]token.GrantType) []string {
	names := slices.Sorted(maps.Keys(grantTypes))
	return slices.DeleteFunc(names, func(name string) bool { return grantTypes[name] == "" })
}

// newSubject is a client, as its credentials alone show it. Those of client
// credentials say which tokens it has.
func newSubject(name string, grantType token.GrantType, credentials token.Stored[token.Credentials]) *subject {
	s := &subject{Client: Client{Name: name, GrantType: grantType, Tokens: []Token{}}, credentials: credentials}
	switch {
	case grantType == "": // no sweep finds it
		s.Problem = untaggedProblem
	case token.Absent(credentials.Err):
		s.Problem = credentials.Err.Error() + ": nothing renews its tokens; restore that secret, or store it anew with `tokens client put`"
	case credentials.Err != nil:
		s.Problem = credentials.Err.Error()
	case grantType == token.GrantTypeClientCredentials:
		s.ids = credentials.Value.IDs()
	}
	return s
}

const untaggedProblem = "its credentials carry no tag token-refresher:grant-type, so that no sweep finds them: " +
	"store them with `tokens client put`, or tag them"

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
