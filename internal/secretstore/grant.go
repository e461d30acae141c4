package secretstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"token-refresher/internal/token"
)

// Grants reads the current grants of many merchants; otherwise it is as
// Credentials.
func (s *Store) Grants(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.Grant], error) {
	return load(ctx, s, ids, kindOf[token.ID, token.Grant]{name: s.names.grant, check: checkGrantID, parse: decodeGrant})
}

// Grant reads the current grant directly. Errors are as those of Credentials.
func (s *Store) Grant(ctx context.Context, id token.ID) token.Stored[token.Grant] {
	return s.GrantVersion(ctx, id, "")
}

// GrantVersion reads the grant under one version id, whatever labels it has;
// AWSCURRENT's if version is "".
func (s *Store) GrantVersion(ctx context.Context, id token.ID, version string) token.Stored[token.Grant] {
	name := s.names.grant(id)
	if err := checkGrantID(id); err != nil {
		return token.Stored[token.Grant]{Err: secretError(name, err)}
	}
	return read(name, s.get(ctx, name, version), func(value []byte) (token.Grant, error) { return decodeGrant(id, value) })
}

// Labels reads which versions of the grant's secret are current and previous,
// and whether it is scheduled for deletion. Errors: token.ErrNotFound,
// ErrDenied, ErrThrottled and others that say nothing about the secret.
func (s *Store) Labels(ctx context.Context, id token.ID) (token.Labels, error) {
	name := s.names.grant(id)
	labels, err := s.describe(ctx, name)
	if err != nil {
		return token.Labels{}, secretError(name, err)
	}
	return labels, nil
}

// ListGrants returns the grant secrets under the prefix, deleted ones too,
// ordered by name. One whose name holds no valid id is among them, so that it
// can be reported.
func (s *Store) ListGrants(ctx context.Context) ([]token.Listed, error) {
	entries, err := s.list(ctx, nil)
	return grantsIn(entries), err
}

// grantsIn picks the grants, deleted ones too.
func grantsIn(entries []entry) []token.Listed {
	var grants []token.Listed
	for _, entry := range entries {
		if entry.Kind == KindGrant {
			grants = append(grants, token.Listed{ID: entry.ID, Name: entry.Name, Version: entry.VersionID, Deleted: entry.Deleted})
		}
	}
	return grants
}

// PutVersion is the version id that a put makes: that of the given number, which
// publishes a revision in the place of the version read. A journal can name it
// before the put is made. Each part changes it, so that a retry of the same put
// is free and no other put is taken for it.
func (s *Store) PutVersion(id token.ID, read string, revision, number int64) string {
	return derive("token-refresher put grant", s.names.grant(id), read,
		strconv.FormatInt(revision, 10), strconv.FormatInt(number, 10))
}

// PutGrant makes a put that was claimed: put.Version, in the place of put.Read,
// or in a new secret if that is "". It is no compare-and-swap: who wrote between
// is seen by the labels afterwards. Errors are as those of PutAccessToken.
func (s *Store) PutGrant(ctx context.Context, grant token.Grant, put token.Put) error {
	w, err := s.grantWrite(grant)
	if err != nil {
		return err
	}
	w.version = put.Version
	if put.Read == "" {
		return s.create(ctx, w, put.Version)
	}
	return s.put(ctx, w)
}

// KeepGrant writes a grant that no other store took, whatever its secret holds:
// a missing secret is made, a deleted one restored. What it covers is
// AWSPREVIOUS afterwards, for the next publisher to judge. It counts against the
// account's write rate only.
func (s *Store) KeepGrant(ctx context.Context, grant token.Grant) error {
	w, err := s.grantWrite(grant)
	if err != nil {
		return err
	}
	err = s.put(ctx, w)
	switch {
	case errors.Is(err, token.ErrNotFound):
		if err = s.create(ctx, w, ""); errors.Is(err, token.ErrConflict) {
			return s.put(ctx, w) // somebody has made it meanwhile
		}
	case errors.Is(err, token.ErrDeleted):
		if err = s.restore(ctx, w.name); err == nil {
			return s.put(ctx, w)
		}
	}
	return err
}

// RestoreGrant takes back the deletion of a grant's secret. Its last value is
// current again.
func (s *Store) RestoreGrant(ctx context.Context, id token.ID) error {
	return s.restore(ctx, s.names.grant(id))
}

// grantWrite is a grant that can be read back, ready to be written.
func (s *Store) grantWrite(grant token.Grant) (valueWrite, error) {
	name := s.names.grant(grant.ID)
	value, err := storableGrant(grant)
	if err != nil {
		return valueWrite{}, fmt.Errorf("secret %s: not written: %w", name, err)
	}
	return s.writeOf(grant, value), nil
}

// writeOf is a grant's value on its way into its secret.
func (s *Store) writeOf(grant token.Grant, value string) valueWrite {
	return valueWrite{
		name: s.names.grant(grant.ID), value: value, hidden: []token.Secret{grant.RefreshToken, grant.CodeVerifier},
		description: "OAuth 2.0 grant of " + grant.ID.String() + ", kept by token-refresher",
		tags:        s.ownTags(grant.ID, KindGrant, token.GrantTypeAuthorizationCode),
	}
}

// checkGrantID: a grant is always a merchant's.
func checkGrantID(id token.ID) error {
	if id.Merchant == "" {
		return errors.New("a grant needs a merchant")
	}
	return id.Check()
}
