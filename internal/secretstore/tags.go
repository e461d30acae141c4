package secretstore

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/token"
)

// The tags of secrets. Roles depend on the grant type, so credentials must
// carry it.
const (
	tagNamespace = "token-refresher:"

	TagClient    = tagNamespace + "client"
	TagKind      = tagNamespace + "kind"
	TagGrantType = tagNamespace + "grant-type"
)

// ownTagCount is how many tags of ours every secret made here carries: those
// above.
const ownTagCount = 3

// ownTags are the tags of a secret made here, ordered by key.
func (s *Store) ownTags(id token.ID, kind Kind, grantType token.GrantType) []types.Tag {
	tags := maps.Clone(s.tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags[TagClient] = id.Client
	tags[TagKind] = string(kind)
	tags[TagGrantType] = string(grantType)

	list := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return list
}

func tagMap(tags []types.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, tag := range tags {
		m[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return m
}
