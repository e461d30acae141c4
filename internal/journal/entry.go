package journal

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"token-refresher/internal/token"
)

// Get reads an entry, strongly consistent. If its answer cannot be opened, the
// entry says so in Sealed. Errors: token.ErrNotFound, token.ErrUnreadable,
// seal.ErrKeyUnavailable, and those of this package.
func (j *Journal) Get(ctx context.Context, id token.ID) (token.Entry, error) {
	found, err := j.get(ctx, Key(id))
	switch {
	case err != nil:
		return token.Entry{}, callError("read entry "+id.String(), err)
	case len(found) == 0:
		return token.Entry{}, fmt.Errorf("entry %s: %w", id, token.ErrNotFound)
	}
	return j.decode(ctx, found)
}

func (j *Journal) decode(ctx context.Context, i item) (token.Entry, error) {
	row, err := rowOf(i)
	if err != nil {
		return token.Entry{}, err
	}
	return j.codec.Decode(ctx, row)
}

// Swap stores next in place of old, which is an entry as Get, Swap or Entries
// returned it, or the zero entry if there must be none. It returns next as it is
// stored: nobody has stored anything between.
//
// If another write was first, the error is token.ErrConflict and the entry the
// current one; if the row is gone, token.ErrNotFound. A repetition by the SDK of
// a write whose answer was lost is recognised, and is success.
//
// With any other error it is unknown whether next was stored. The entry is next
// with its Attempt: Swap(old, that) is the same write once more.
func (j *Journal) Swap(ctx context.Context, old, next token.Entry) (token.Entry, error) {
	w, err := j.codec.Encode(ctx, old, next)
	if err != nil {
		return w.Unknown, err
	}
	done, current, err := j.put(ctx, w.Row.item(), old.WriteID)
	switch {
	case err != nil:
		return w.Unknown, callError("store entry "+next.ID.String(), err)
	case done:
		return w.Stored, nil
	case len(current) == 0:
		return j.codec.Refused(ctx, w, nil)
	}
	standing, err := rowOf(current)
	if err != nil {
		return w.Unknown, err
	}
	return j.codec.Refused(ctx, w, &standing)
}

// Entries walks over all entries, strongly consistent, without opening what is
// sealed. An entry that cannot be read comes with token.ErrUnreadable and, if that
// much is readable, its id, and the walk goes on; any other error ends it.
// Each page has its own timeout.
func (j *Journal) Entries(ctx context.Context) iter.Seq2[token.Entry, error] {
	return func(yield func(token.Entry, error) bool) {
		for after := (item)(nil); ; {
			page, err := j.page(ctx, after)
			if err != nil {
				yield(token.Entry{}, callError("list the journal", err))
				return
			}
			for _, i := range page.Items {
				if !yield(j.list(i)) {
					return
				}
			}
			if after = page.LastEvaluatedKey; len(after) == 0 {
				return
			}
		}
	}
}

func (j *Journal) page(ctx context.Context, after item) (*dynamodb.ScanOutput, error) {
	ctx, cancel := j.limited(ctx)
	defer cancel()
	return j.client.Scan(ctx, &dynamodb.ScanInput{
		TableName:                 aws.String(j.table),
		ConsistentRead:            aws.Bool(true),
		ExclusiveStartKey:         after,
		FilterExpression:          aws.String("begins_with(#key, :entry)"),
		ExpressionAttributeNames:  map[string]string{"#key": attrKey},
		ExpressionAttributeValues: item{":entry": text(keyPrefix)},
	})
}

func (j *Journal) list(i item) (token.Entry, error) {
	row, err := rowOf(i)
	if err != nil {
		id, keyErr := ParseKey(row.Key)
		if keyErr != nil {
			return token.Entry{}, keyErr
		}
		return token.Entry{ID: id}, err
	}
	return j.codec.List(row)
}
