package secretstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

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
	w := accessTokenWrite{name: s.names.accessToken(t.ID), token: t, grantType: grantType, replaces: replaces}
	var err error
	if w.value, err = storableValue(t); err != nil {
		return fmt.Errorf("secret %s: not written: %w", w.name, err)
	}
	if replaces == "" {
		return s.create(ctx, w)
	}
	return s.put(ctx, w)
}

// RestoreAccessToken takes back the deletion of a token's secret. Its last value
// is current again.
func (s *Store) RestoreAccessToken(ctx context.Context, id token.ID) error {
	name := s.names.accessToken(id)
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.RestoreSecret(ctx, &secretsmanager.RestoreSecretInput{SecretId: aws.String(name)}, finalQuota)
		return err
	})
	return s.writeError(ctx, name, "restore", err)
}

// accessTokenWrite is one token on its way into its secret.
type accessTokenWrite struct {
	name      string
	value     string
	token     token.AccessToken
	grantType token.GrantType
	replaces  string // version that was read; "" if there is none
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

// create makes the secret with its first value. It needs no token of its own
// making: a name is created once, whoever is first, and the SDK sends the same
// token in every retry of one call.
func (s *Store) create(ctx context.Context, w accessTokenWrite) error {
	input := &secretsmanager.CreateSecretInput{
		Name:         aws.String(w.name),
		Description:  aws.String("OAuth 2.0 access token of " + w.token.ID.String() + ", kept fresh by token-refresher"),
		SecretString: aws.String(w.value),
		Tags:         s.accessTokenTags(w.token.ID, w.grantType),
	}
	if s.kmsKeyID != "" {
		input.KmsKeyId = aws.String(s.kmsKeyID)
	}
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.CreateSecret(ctx, input, finalQuota)
		return withoutValue(err, w.token.Value)
	})
	if codeOf(err) == codeExists {
		return s.fill(ctx, w, err)
	}
	return s.writeError(ctx, w.name, "create", err)
}

// fill puts the first value into a secret that somebody made without one.
// Anything that holds a value belongs to who wrote it.
func (s *Store) fill(ctx context.Context, w accessTokenWrite, exists error) error {
	state, err := s.describe(ctx, w.name)
	switch {
	case err != nil:
		return secretError(w.name, err)
	case state.deleted:
		return secretError(w.name, token.ErrDeleted)
	case !state.empty:
		return s.writeError(ctx, w.name, "create", exists)
	}
	err = s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.TagResource(ctx, &secretsmanager.TagResourceInput{
			SecretId: aws.String(w.name), Tags: s.accessTokenTags(w.token.ID, w.grantType),
		}, finalQuota)
		return err
	})
	if err != nil {
		return s.writeError(ctx, w.name, "tag", err)
	}
	return s.put(ctx, w)
}

// put makes a new version and AWSCURRENT of it.
func (s *Store) put(ctx context.Context, w accessTokenWrite) error {
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
			SecretId:           aws.String(w.name),
			SecretString:       aws.String(w.value),
			ClientRequestToken: aws.String(s.requestToken(w)),
		}, finalQuota)
		return withoutValue(err, w.token.Value)
	})
	return s.writeError(ctx, w.name, "put", err)
}

// requestToken becomes the version id of a put. Deriving it from the version
// that was read makes repetitions of one put free and lets one of several
// overlapping sweeps win. The write interval in which the token was issued is
// part of it, so that a version that somebody makes current again by hand can be
// replaced anew in the next interval.
func (s *Store) requestToken(w accessTokenWrite) string {
	window := w.token.IssuedAt.UnixNano() / int64(s.writeInterval)
	hash := sha256.New()
	for _, part := range []string{"token-refresher put access-token", w.name, w.replaces, strconv.FormatInt(window, 10)} {
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
