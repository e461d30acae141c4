package journal

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/token"
)

type item = map[string]types.AttributeValue

// item is the row as DynamoDB keeps it.
func (r Row) item() item {
	i := item{
		attrKey:      text(r.Key),
		attrWriteID:  text(r.WriteID),
		attrSchema:   number(int64(r.Schema)),
		attrDocument: text(string(r.Document)),
	}
	if len(r.Sealed) > 0 {
		i[attrSealed] = &types.AttributeValueMemberB{Value: r.Sealed}
	}
	dueIndex().add(i, r.DueAt)
	publishIndex().add(i, r.PublishAt)
	return i
}

// add puts an item into the index, unless the time is 0.
func (x index) add(i item, at int64) {
	if at != 0 {
		i[x.name], i[x.sortBy] = text(x.name), number(at)
	}
}

// rowOf is the inverse of Row.item. With an error, the row has its key, if that
// could be read. Errors: token.ErrUnreadable.
func rowOf(i item) (Row, error) {
	key, keyErr := textOf(i, attrKey)
	writeID, writeErr := textOf(i, attrWriteID)
	document, documentErr := textOf(i, attrDocument)
	schema, schemaErr := numberOf(i, attrSchema)
	sealed, sealedErr := bytesOf(i, attrSealed)
	due, dueErr := numberOf(i, attrDueAt)
	publish, publishErr := numberOf(i, attrPublishAt)
	if err := errors.Join(keyErr, writeErr, documentErr, schemaErr, sealedErr, dueErr, publishErr); err != nil {
		return Row{Key: key}, fmt.Errorf("row %q: %w: %w", key, token.ErrUnreadable, err)
	}
	return Row{
		Key: key, WriteID: writeID, Schema: int(schema), DueAt: due, PublishAt: publish,
		Document: []byte(document), Sealed: sealed,
	}, nil
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// textOf reads an attribute that every item has.
func textOf(i item, attribute string) (string, error) {
	if s, ok := i[attribute].(*types.AttributeValueMemberS); ok {
		return s.Value, nil
	}
	return "", fmt.Errorf("attribute %s is no string", attribute)
}

// numberOf reads a whole number, 0 if there is none.
func numberOf(i item, attribute string) (int64, error) {
	if i[attribute] == nil {
		return 0, nil
	}
	if n, ok := i[attribute].(*types.AttributeValueMemberN); ok {
		if value, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return value, nil
		}
	}
	return 0, fmt.Errorf("attribute %s is no whole number", attribute)
}

// bytesOf reads bytes, nil if there are none.
func bytesOf(i item, attribute string) ([]byte, error) {
	if i[attribute] == nil {
		return nil, nil
	}
	if b, ok := i[attribute].(*types.AttributeValueMemberB); ok {
		return b.Value, nil
	}
	return nil, fmt.Errorf("attribute %s is no bytes", attribute)
}
