package journal

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// put stores an item in place of the one with the write id replaces, or where
// there is none if that is "". If the condition failed, stored is false and
// current what stands there, or nil; it may be the item itself, stored by a call
// whose answer was lost.
func (j *Journal) put(ctx context.Context, i item, replaces string) (stored bool, current item, err error) {
	ctx, cancel := j.limited(ctx)
	defer cancel()
	input := &dynamodb.PutItemInput{
		TableName:                           aws.String(j.table),
		Item:                                i,
		ConditionExpression:                 aws.String("attribute_not_exists(#attribute)"),
		ExpressionAttributeNames:            map[string]string{"#attribute": attrKey},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if replaces != "" {
		input.ConditionExpression = aws.String("#attribute = :replaces")
		input.ExpressionAttributeNames = map[string]string{"#attribute": attrWriteID}
		input.ExpressionAttributeValues = item{":replaces": text(replaces)}
	}
	_, err = j.client.PutItem(ctx, input)
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return false, failed.Item, nil
	}
	return err == nil, nil, err
}

// get reads an item, strongly consistent. There may be none.
func (j *Journal) get(ctx context.Context, key string) (item, error) {
	ctx, cancel := j.limited(ctx)
	defer cancel()
	out, err := j.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      aws.String(j.table),
		Key:            item{attrKey: text(key)},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}
