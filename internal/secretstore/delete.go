package secretstore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/token"
)

// recoveryDays is how long a deleted secret can be restored: the longest that
// AWS offers (API reference, DeleteSecret).
const recoveryDays = 30

// DeleteGrant schedules the deletion of a grant's secret in 30 days. One that is
// gone, or scheduled already, is no error. Errors: ErrDenied, ErrThrottled, the
// context's.
func (s *Store) DeleteGrant(ctx context.Context, id token.ID) error {
	name := s.names.grant(id)
	if err := checkGrantID(id); err != nil {
		return secretError(name, err)
	}
	return s.delete(ctx, name)
}

// DeleteAccessToken schedules the deletion of a token's secret, as DeleteGrant.
func (s *Store) DeleteAccessToken(ctx context.Context, id token.ID) error {
	name := s.names.accessToken(id)
	if err := id.Check(); err != nil {
		return secretError(name, err)
	}
	return s.delete(ctx, name)
}

func (s *Store) delete(ctx context.Context, name string) error {
	err := s.write(ctx, func(ctx context.Context) error {
		_, err := s.client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{
			SecretId: aws.String(name), RecoveryWindowInDays: aws.Int64(recoveryDays),
		}, finalQuota)
		return err
	})
	err = s.writeError(ctx, name, "delete", err)
	if token.Absent(err) {
		return nil
	}
	return err
}
