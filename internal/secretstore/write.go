package secretstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"token-refresher/internal/token"
)

// maxValueLen is the longest value of a secret, in bytes (API reference,
// PutSecretValue, SecretString).
const maxValueLen = 65536

// PutAccessToken publishes a token in the place of the version that was read,
// or creates its secret if replaces is "". grantType is that of the client's
// credentials and becomes a tag of a secret made here.
//
// Of several writers that read the same version one succeeds; the others get
// token.ErrConflict and have nothing to do. A value that could not be read back
// is refused before any call. Other errors: token.ErrDeleted, token.ErrNotFound,
// ErrQuota, ErrThrottled, ErrDenied, the context's.
func (s *Store) PutAccessToken(ctx context.Context, grantType token.GrantType, t token.AccessToken, replaces string) error {
	name := s.names.accessToken(t.ID)
	value, err := storableValue(t)
	if err != nil {
		return fmt.Errorf("secret %s: not written: %w", name, err)
	}
	w := valueWrite{
		name: name, value: value, hidden: []token.Secret{t.Value},
		description: "OAuth 2.0 access token of " + t.ID.String() + ", kept fresh by token-refresher",
		tags:        s.ownTags(t.ID, KindAccessToken, grantType),
		version:     s.accessTokenVersion(name, t, replaces),
	}
	if replaces == "" {
		return s.create(ctx, w, "")
	}
	return s.put(ctx, w)
}

// RestoreAccessToken takes back the deletion of a token's secret. Its last value
// is current again.
func (s *Store) RestoreAccessToken(ctx context.Context, id token.ID) error {
	return s.restore(ctx, s.names.accessToken(id))
}

// valueWrite is one value on its way into its secret.
type valueWrite struct {
	name        string
	value       string
	hidden      []token.Secret // what no error may repeat of the value
	description string         // of a secret made for it
	tags        []types.Tag    // as well
	version     string         // id that a put makes; chosen by the SDK if ""
}

// storableValue is what a secret will hold, if it can be read back from there.
func storableValue(t token.AccessToken) (string, error) {
	if err := t.ID.Check(); err != nil {
		return "", err
	}
	value, err := encodeAccessToken(t)
	if err != nil {
		return "", err
	}
	if len(value) > maxValueLen {
		return "", fmt.Errorf("a value of %d bytes: at most %d can be stored", len(value), maxValueLen)
	}
	if _, err := decodeAccessToken(t.ID, value); err != nil {
		return "", err
	}
	return string(value), nil
}

// create makes the secret with its first value. A name is created once, whoever
// is first, so that it needs no version id of its own making; the SDK sends the
// one it chose in every retry of one call.
func (s *Store) create(ctx context.Context, w valueWrite, version string) error {
	input := &secretsmanager.CreateSecretInput{
		Name:         aws.String(w.name),
		Description:  aws.String(w.description),
		SecretString: aws.String(w.value),
		Tags:         w.tags,
	}
	if version != "" {
		input.ClientRequestToken = aws.String(version)
	}
	if s.kmsKeyID != "" {
		input.KmsKeyId = aws.String(s.kmsKeyID)
	}
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.CreateSecret(ctx, input, finalQuota)
		return withoutValue(err, w.hidden)
	})
	if codeOf(err) == codeExists {
		return s.fill(ctx, w, err)
	}
	return s.writeError(ctx, w.name, "create", err)
}

// fill puts the first value into a secret that somebody made without one.
// Anything that holds a value belongs to who wrote it.
func (s *Store) fill(ctx context.Context, w valueWrite, exists error) error {
	labels, err := s.describe(ctx, w.name)
	switch {
	case err != nil:
		return secretError(w.name, err)
	case labels.Deleted:
		return secretError(w.name, token.ErrDeleted)
	case labels.Current != "":
		return s.writeError(ctx, w.name, "create", exists)
	}
	if err := s.tag(ctx, w); err != nil {
		return err
	}
	return s.put(ctx, w)
}

// tag puts the tags of a value on its secret, which has others or none.
func (s *Store) tag(ctx context.Context, w valueWrite) error {
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.TagResource(ctx, &secretsmanager.TagResourceInput{SecretId: aws.String(w.name), Tags: w.tags}, finalQuota)
		return err
	})
	return s.writeError(ctx, w.name, "tag", err)
}

// put makes a new version and AWSCURRENT of it.
func (s *Store) put(ctx context.Context, w valueWrite) error {
	input := &secretsmanager.PutSecretValueInput{SecretId: aws.String(w.name), SecretString: aws.String(w.value)}
	if w.version != "" {
		input.ClientRequestToken = aws.String(w.version)
	}
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.PutSecretValue(ctx, input, finalQuota)
		return withoutValue(err, w.hidden)
	})
	return s.writeError(ctx, w.name, "put", err)
}

// restore takes back the deletion of a secret.
func (s *Store) restore(ctx context.Context, name string) error {
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: aws.String(name)}, finalQuota)
		return err
	})
	return s.writeError(ctx, name, "restore", err)
}

// accessTokenVersion becomes the version id of a put. Deriving it from the
// version that was read makes repetitions of one put free and lets one of several
// overlapping sweeps win. The write interval in which the token was issued is
// part of it, so that a version that somebody makes current again by hand can be
// replaced anew in the next interval.
func (s *Store) accessTokenVersion(name string, t token.AccessToken, replaces string) string {
	window := t.IssuedAt.UnixNano() / int64(s.writeInterval)
	return derive("token-refresher put access-token", name, replaces, strconv.FormatInt(window, 10))
}

// derive makes a version id of what a put is about: 64 characters, which is the
// most that AWS takes.
func derive(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write([]byte(part))
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// write makes one call when the write limit has a slot for it.
func (s *Store) write(ctx context.Context, call func(context.Context) error) error {
	if err := s.writes.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the write limit: %w: %w", ErrThrottled, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return call(ctx)
}

// writeError says what a write failed with; nil stays nil.
func (s *Store) writeError(ctx context.Context, name, doing string, err error) error {
	if err == nil {
		return nil
	}
	return s.explain(ctx, name, fmt.Errorf("%s: %w", doing, err))
}
