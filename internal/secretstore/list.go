package secretstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/token"
)

// The staging labels that AWS moves: that of the version which plain reads
// return, and that of the one before.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// maxListResults is the largest page of ListSecrets.
const maxListResults = 100

// entry is what a list tells about one secret without reading its value. AWS
// says that a list may be five minutes behind.
type entry struct {
	Name      string
	Kind      Kind
	ID        token.ID // as the name has it; ID.Check may refuse it
	VersionID string   // of the current value; empty if there is none
	Tags      map[string]string
	Deleted   bool // scheduled for deletion
}

// Clients returns the clients whose credentials are tagged with grantType,
// ordered by name. A client whose name is not valid is among them, so that
// Credentials reports it; deleted ones are not.
func (s *Store) Clients(ctx context.Context, grantType token.GrantType) ([]string, error) {
	entries, err := s.list(ctx, []types.Filter{
		filter(types.FilterNameStringTypeTagKey, TagGrantType),
		filter(types.FilterNameStringTypeTagValue, string(grantType)),
	})
	// AWS matches prefixes, and a key and a value of two different tags.
	return clients(entries, func(tagged string) bool { return tagged == string(grantType) }), err
}

// Untagged returns the clients whose credentials carry no usable grant type,
// ordered by name: no sweep finds them. It lists every secret under the prefix.
func (s *Store) Untagged(ctx context.Context) ([]string, error) {
	entries, err := s.list(ctx, nil)
	return clients(entries, func(tagged string) bool { return !slices.Contains(grantTypes(), token.GrantType(tagged)) }), err
}

// Survey tells what Clients, Untagged and ListGrants tell, by one list of every
// secret under the prefix: of tens of thousands each list takes its time. clients
// are the grant types that credentials are tagged with, by client, or empty where
// the tag is not usable.
func (s *Store) Survey(ctx context.Context) (clients map[string]token.GrantType, grants []token.Listed, err error) {
	entries, err := s.list(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	clients = map[string]token.GrantType{}
	for _, entry := range entries {
		if entry.Kind != KindCredentials || entry.Deleted {
			continue
		}
		tagged := token.GrantType(entry.Tags[TagGrantType])
		if !slices.Contains(grantTypes(), tagged) {
			tagged = ""
		}
		clients[entry.ID.Client] = tagged
	}
	return clients, grantsIn(entries), nil
}

func grantTypes() []token.GrantType {
	return []token.GrantType{token.GrantTypeClientCredentials, token.GrantTypeAuthorizationCode}
}

// clients picks the credentials that are not deleted and whose grant-type tag
// is wanted.
func clients(entries []entry, wanted func(grantType string) bool) []string {
	var found []string
	for _, entry := range entries {
		if entry.Kind == KindCredentials && !entry.Deleted && wanted(entry.Tags[TagGrantType]) {
			found = append(found, entry.ID.Client)
		}
	}
	return found
}

// list reads all pages of the secrets under the prefix that pass the filters and
// are of a kind of this store, deleted ones too, ordered by name.
func (s *Store) list(ctx context.Context, filters []types.Filter) ([]entry, error) {
	pages := secretsmanager.NewListSecretsPaginator(s.client, &secretsmanager.ListSecretsInput{
		Filters:                append(filters, filter(types.FilterNameStringTypeName, s.names.root())),
		IncludePlannedDeletion: aws.Bool(true),
		MaxResults:             aws.Int32(maxListResults),
	})
	var entries []entry
	for pages.HasMorePages() {
		page, err := s.listPage(ctx, pages)
		if err != nil {
			return nil, err
		}
		for _, listed := range page.SecretList {
			if entry, ok := s.entry(listed); ok {
				entries = append(entries, entry)
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	// A secret that changed between two pages may stand on both.
	return slices.CompactFunc(entries, func(a, b entry) bool { return a.Name == b.Name }), nil
}

func (s *Store) listPage(ctx context.Context, pages *secretsmanager.ListSecretsPaginator) (*secretsmanager.ListSecretsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	page, err := pages.NextPage(ctx)
	if err != nil {
		return nil, callError("list secrets under "+s.names.root(), err)
	}
	return page, nil
}

// entry reads one secret of a list; ok is false if its name is none of ours.
func (s *Store) entry(listed types.SecretListEntry) (e entry, ok bool) {
	name := aws.ToString(listed.Name)
	kind, id, err := s.names.parse(name)
	if err != nil {
		return entry{}, false
	}
	return entry{
		Name:      name,
		Kind:      kind,
		ID:        id,
		VersionID: labelled(current, listed.SecretVersionsToStages),
		Tags:      tagMap(listed.Tags),
		Deleted:   listed.DeletedDate != nil,
	}, true
}

func filter(key types.FilterNameStringType, value string) types.Filter {
	return types.Filter{Key: key, Values: []string{value}}
}

// labelled is the version id that holds a staging label, or "".
func labelled(label string, stages map[string][]string) string {
	for version, labels := range stages {
		if slices.Contains(labels, label) {
			return version
		}
	}
	return ""
}

// describe reads what is known of a secret without its value, directly: unlike a
// list it is not behind.
func (s *Store) describe(ctx context.Context, name string) (token.Labels, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	secret, err := s.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(name)})
	if err != nil {
		return token.Labels{}, fmt.Errorf("describe: %w", err)
	}
	return token.Labels{
		Current:  labelled(current, secret.VersionIdsToStages),
		Previous: labelled(previous, secret.VersionIdsToStages),
		Deleted:  secret.DeletedDate != nil,
	}, nil
}
