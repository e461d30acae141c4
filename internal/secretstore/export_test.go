package secretstore

import "token-refresher/internal/token"

// What the fuzz targets reach into.
var (
	DecodeAccessToken = decodeAccessToken
	EncodeAccessToken = encodeAccessToken
)

// ParseName reads a name under prefix.
func ParseName(prefix, name string) (Kind, token.ID, error) { return names{prefix}.parse(name) }

// CredentialsName and AccessTokenName write names under prefix.
func CredentialsName(prefix, client string) string      { return names{prefix}.credentials(client) }
func AccessTokenName(prefix string, id token.ID) string { return names{prefix}.accessToken(id) }
