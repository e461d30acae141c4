package journal

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/token"
)

const notePrefix = "note#"

// Note reads a note and its version, strongly consistent. Notes are not sealed:
// they hold nothing secret. Errors: token.ErrNotFound, token.ErrUnreadable, and
// those of this package.
func (j *Journal) Note(ctx context.Context, key string) (value []byte, version string, err error) {
	found, err := j.get(ctx, notePrefix+key)
	switch {
	case err != nil:
		return nil, "", callError("read note "+key, err)
	case len(found) == 0:
		return nil, "", fmt.Errorf("note %s: %w", key, token.ErrNotFound)
	}
	version, err = textOf(found, attrWriteID)
	if err == nil {
		value, err = bytesOf(found, attrValue)
	}
	if err != nil {
		return nil, "", fmt.Errorf("note %s: %w: %w", key, token.ErrUnreadable, err)
	}
	return value, version, nil
}

// SwapNote stores a note in place of the version that was read, "" for none, and
// returns its new version. A lost answer is recognised as in Swap. Errors:
// token.ErrConflict, token.ErrNotFound if the note is gone, and those of this
// package.
func (j *Journal) SwapNote(ctx context.Context, key string, value []byte, version string) (string, error) {
	next := j.codec.NewID()
	done, current, err := j.put(ctx, item{
		attrKey:     text(notePrefix + key),
		attrWriteID: text(next),
		attrValue:   &types.AttributeValueMemberB{Value: value},
	}, version)
	switch {
	case err != nil:
		return "", callError("store note "+key, err)
	case done:
		return next, nil
	case len(current) == 0:
		return "", fmt.Errorf("note %s: %w", key, token.ErrNotFound)
	}
	if standing, err := textOf(current, attrWriteID); err == nil && standing == next {
		return next, nil
	}
	return "", fmt.Errorf("note %s: %w", key, token.ErrConflict)
}
