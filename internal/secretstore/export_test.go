package secretstore

import (
	"context"

	"token-refresher/internal/token"
)

// Entry is one secret of a list.
type Entry = entry

// List lists everything under the prefix.
func (s *Store) List(ctx context.Context) ([]Entry, error) { return s.list(ctx, nil) }

// What the fuzz targets reach into.
var (
	DecodeAccessToken = decodeAccessToken
	EncodeAccessToken = encodeAccessToken
	DecodeGrant       = decodeGrant
	EncodeGrant       = encodeGrant
)

// ParseName reads a name under prefix.
func ParseName(prefix, name string) (Kind, token.ID, error) { return names{prefix}.parse(name) }

// CredentialsName, AccessTokenName and GrantName write names under prefix.
func CredentialsName(prefix, client string) string      { return names{prefix}.credentials(client) }
func AccessTokenName(prefix string, id token.ID) string { return names{prefix}.accessToken(id) }
func GrantName(prefix string, id token.ID) string       { return names{prefix}.grant(id) }
