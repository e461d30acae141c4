package secretstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/token"
)

// get reads one version of a secret, AWSCURRENT's if version is "".
func (s *Store) get(ctx context.Context, name, version string) found {
	input := &secretsmanager.GetSecretValueInput{SecretId: aws.String(name)}
	if version != "" {
		input.VersionId = aws.String(version)
	}
	callCtx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	out, err := s.client.GetSecretValue(callCtx, input)
	if err != nil {
		return found{err: s.explain(ctx, name, err)}
	}
	f := found{version: aws.ToString(out.VersionId), created: aws.ToTime(out.CreatedDate)}
	if out.SecretString == nil {
		f.err = unreadable(name, errors.New("it is binary, not text"))
		return f
	}
	f.value = []byte(*out.SecretString)
	return f
}

// Secret reads a text that the stack made, such as the key `{prefix}/sealing-key`
// for the name "sealing-key": the version asked for, or AWSCURRENT's if version
// is "". Errors: token.ErrNotFound, also if it has no such version,
// token.ErrDeleted, token.ErrUnreadable, ErrDenied, ErrThrottled and others.
func (s *Store) Secret(ctx context.Context, name, version string) token.Stored[token.Secret] {
	name = s.names.root() + name
	return read(name, s.get(ctx, name, version), func(value []byte) (token.Secret, error) {
		secret := token.NewSecret(string(value))
		if !secret.Storable() {
			return token.Secret{}, errors.New("it is empty")
		}
		return secret, nil
	})
}
