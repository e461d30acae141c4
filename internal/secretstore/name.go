package secretstore

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"token-refresher/internal/token"
)

// Kind is what a secret holds. It is the last part of its name and the value of
// its kind tag.
type Kind string

// The kinds of secrets.
const (
	KindCredentials Kind = "credentials"
	KindAccessToken Kind = "access-token"
	KindGrant       Kind = "grant"
)

// maxPrefixLen leaves room for the longest client, merchant and kind within the
// 512 characters of a secret's name.
const maxPrefixLen = 400

// prefixPattern is the character set of secret names (API reference,
// CreateSecret, Name), in parts that are not empty.
var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_+=.@-]+(/[A-Za-z0-9_+=.@-]+)*$`)

// CheckPrefix reports what is wrong with the first part of the secrets' names,
// or nil.
func CheckPrefix(prefix string) error {
	if len(prefix) > maxPrefixLen {
		return fmt.Errorf("a prefix of %d characters: at most %d leave room for the names", len(prefix), maxPrefixLen)
	}
	if !prefixPattern.MatchString(prefix) {
		return fmt.Errorf("prefix %q: must be parts of the characters A-Z a-z 0-9 _ + = . @ - joined by single slashes", prefix)
	}
	return nil
}

// names writes and reads the names of the secrets under one prefix. No name
// ends in a hyphen and six characters, which a look-up would take for the end
// of an ARN (API reference, CreateSecret, Name).
type names struct{ prefix string }

// root is what every name starts with.
func (n names) root() string { return n.prefix + "/" }

// credentials is `{prefix}/{client}/credentials`.
func (n names) credentials(client string) string {
	return n.root() + client + "/" + string(KindCredentials)
}

// accessToken is `{prefix}/{client}/access-token` or
// `{prefix}/{client}/{merchant}/access-token`.
func (n names) accessToken(id token.ID) string {
	return n.root() + id.String() + "/" + string(KindAccessToken)
}

// grant is `{prefix}/{client}/{merchant}/grant`.
func (n names) grant(id token.ID) string {
	return n.root() + id.String() + "/" + string(KindGrant)
}

// parse is the reverse. A name that is none of ours is an error; one that is
// shaped like ours may still hold an id that ID.Check refuses, so that it can
// be reported instead of overlooked. A credentials secret has no merchant:
// whatever stands before its kind is the client.
func (n names) parse(name string) (Kind, token.ID, error) {
	rest, ours := strings.CutPrefix(name, n.root())
	slash := strings.LastIndexByte(rest, '/')
	if !ours || slash <= 0 {
		return "", token.ID{}, errors.New("not a name of this store")
	}
	owner, kind := rest[:slash], Kind(rest[slash+1:])
	switch kind {
	case KindCredentials:
		return kind, token.ID{Client: owner}, nil
	case KindAccessToken, KindGrant:
		client, merchant, bound := strings.Cut(owner, "/")
		if merchant == "" && (bound || kind == KindGrant) {
			return "", token.ID{}, errors.New("an empty merchant")
		}
		return kind, token.ID{Client: client, Merchant: merchant}, nil
	default:
		return "", token.ID{}, errors.New("not a kind of this store")
	}
}
