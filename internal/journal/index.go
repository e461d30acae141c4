package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"token-refresher/internal/token"
)

// maxPageLen is how many ids one query asks for; limits are 32 bits on the wire.
const maxPageLen = 1000

// Due returns the ids of at most limit entries whose DueAt is not after now, the
// longest due first. They are nominations: the index lags a little, so each is
// read before anything is done about it.
func (j *Journal) Due(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return j.indexed(ctx, dueIndex(), now, limit)
}

// Unpublished is Due by PublishAt.
func (j *Journal) Unpublished(ctx context.Context, now time.Time, limit int) ([]token.ID, error) {
	return j.indexed(ctx, publishIndex(), now, limit)
}

func (j *Journal) indexed(ctx context.Context, x index, now time.Time, limit int) ([]token.ID, error) {
	if limit < 1 {
		return nil, fmt.Errorf("index %s: a limit of %d", x.name, limit)
	}
	var ids []token.ID
	for after := (item)(nil); ; {
		page, err := j.query(ctx, x, now, limit-len(ids), after)
		if err != nil {
			return nil, callError("query index "+x.name, err)
		}
		for _, i := range page.Items {
			if id, err := idOf(i); err == nil { // Entries reports the others
				ids = append(ids, id)
			}
		}
		if after = page.LastEvaluatedKey; len(after) == 0 || len(ids) >= limit {
			return ids, nil
		}
	}
}

func (j *Journal) query(ctx context.Context, x index, now time.Time, limit int, after item) (*dynamodb.QueryOutput, error) {
	ctx, cancel := j.limited(ctx)
	defer cancel()
	return j.client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 aws.String(j.table),
		IndexName:                 aws.String(x.name),
		Limit:                     aws.Int32(int32(min(limit, maxPageLen))), //nolint:gosec // at most maxPageLen
		ExclusiveStartKey:         after,
		KeyConditionExpression:    aws.String("#index = :index AND #at <= :now"),
		ExpressionAttributeNames:  map[string]string{"#index": x.name, "#at": x.sortBy},
		ExpressionAttributeValues: item{":index": text(x.name), ":now": number(now.UnixNano())},
	})
}

func idOf(i item) (token.ID, error) {
	key, err := textOf(i, attrKey)
	if err != nil {
		return token.ID{}, err
	}
	return ParseKey(key)
}
