package secretstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"token-refresher/internal/token"
)

// Credentials reads the credentials of clients. Every client asked for is a key
// of the answer, with credentials or with an error that names the secret:
// token.ErrNotFound, token.ErrDeleted, token.ErrUnreadable, ErrDenied or another
// one. An error of the call itself means that the store cannot be read.
//
// A secret that is there and has no current value is unreadable, not missing:
// whoever made it expects its tokens.
func (s *Store) Credentials(ctx context.Context, clients []string) (map[string]token.Stored[token.Credentials], error) {
	all, err := load(ctx, s, clients, kindOf[string, token.Credentials]{
		name:  s.names.credentials,
		check: func(client string) error { return token.ID{Client: client}.Check() },
		parse: token.ParseCredentials,
	})
	for client, stored := range all {
		if !errors.Is(stored.Err, token.ErrNotFound) {
			continue
		}
		name := s.names.credentials(client)
		if labels, describeErr := s.describe(ctx, name); describeErr == nil && labels.Current == "" && !labels.Deleted {
			stored.Err = unreadable(name, errors.New("it has no current value"))
			all[client] = stored
		}
	}
	return all, err
}

// AccessTokens reads published tokens; otherwise it is as Credentials.
//
// WrittenAt is no earlier than the token's issue: the API reference leaves open
// whether a batch read tells when the version or the secret was created.
func (s *Store) AccessTokens(ctx context.Context, ids []token.ID) (map[token.ID]token.Stored[token.AccessToken], error) {
	all, err := load(ctx, s, ids, kindOf[token.ID, token.AccessToken]{
		name:  s.names.accessToken,
		check: token.ID.Check,
		parse: decodeAccessToken,
	})
	for id, stored := range all {
		if stored.Value.IssuedAt.After(stored.WrittenAt) {
			stored.WrittenAt = stored.Value.IssuedAt
			all[id] = stored
		}
	}
	return all, err
}

// kindOf is how the secrets of one kind are named and read.
type kindOf[K comparable, T any] struct {
	name  func(K) string
	check func(K) error
	parse func(K, []byte) (T, error)
}

// load reads the secrets of keys. A key that cannot stand in a name is reported
// without a call: in a batch it would be the fault of its neighbours too.
func load[K comparable, T any](ctx context.Context, s *Store, keys []K, kind kindOf[K, T]) (map[K]token.Stored[T], error) {
	all := make(map[K]token.Stored[T], len(keys))
	var secrets []string
	for _, key := range keys {
		name := kind.name(key)
		if err := kind.check(key); err != nil {
			all[key] = token.Stored[T]{Err: secretError(name, err)}
			continue
		}
		secrets = append(secrets, name)
	}
	slices.Sort(secrets)
	values, err := s.batch(ctx, slices.Compact(secrets))
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		name := kind.name(key)
		if value, asked := values[name]; asked {
			all[key] = read(name, value, func(text []byte) (T, error) { return kind.parse(key, text) })
		}
	}
	return all, nil
}

// read parses what was found in one secret.
func read[T any](name string, f found, parse func([]byte) (T, error)) token.Stored[T] {
	stored := token.Stored[T]{Version: f.version, WrittenAt: f.created, Err: f.err}
	if f.err != nil {
		return stored
	}
	value, err := parse(f.value)
	if err != nil {
		stored.Err = unreadable(name, err)
		return stored
	}
	stored.Value = value
	return stored
}

// unreadable names the secret whose value is not one of its kind, and why.
func unreadable(name string, err error) error {
	return fmt.Errorf("secret %s: %w: %w", name, token.ErrUnreadable, err)
}
