package secretstore

import (
	"context"
	"fmt"

	"token-refresher/internal/token"
)

// ImportGrant writes a grant that comes from elsewhere, in the place of the
// version that was read, or in a new secret if replaces is "". Revision and
// stamp are left out, so that rule R judges it as what a person put there.
//
// The version id derives from what is written over: an import that was killed
// can be run again and makes no second version, and of two that read the same
// version one succeeds. The other gets token.ErrConflict, as does one that finds
// its new secret filled by somebody else. Other errors are as those of
// PutAccessToken.
func (s *Store) ImportGrant(ctx context.Context, grant token.Grant, replaces string) error {
	name := s.names.grant(grant.ID)
	grant.Revision, grant.Stamp = 0, ""
	value, _, err := writtenGrant(grant)
	if err != nil {
		return fmt.Errorf("secret %s: not written: %w", name, err)
	}
	w := s.writeOf(grant, value)
	w.version = derive("token-refresher import grant", name, replaces)
	if replaces == "" {
		return s.create(ctx, w, w.version)
	}
	return s.put(ctx, w)
}
