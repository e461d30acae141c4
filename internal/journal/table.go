package journal

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The attributes of an item. An entry has all of them, but those of an index
// only if it is in it; a note has key, write id and value.
const (
	attrKey       = "pk"
	attrWriteID   = "write_id"
	attrSchema    = "schema"
	attrDocument  = "document"
	attrSealed    = "sealed"
	attrValue     = "value"
	attrDue       = "due"
	attrDueAt     = "due_at"
	attrPublish   = "publish"
	attrPublishAt = "publish_at"
)

// index is a sparse index: entries that carry its two attributes, in the order
// of the time. The first attribute is the same in all of them.
type index struct {
	name   string // of the index, of its partition attribute, and that attribute's one value
	sortBy string
}

func dueIndex() index     { return index{name: attrDue, sortBy: attrDueAt} }
func publishIndex() index { return index{name: attrPublish, sortBy: attrPublishAt} }

// TableInput is the table as it must be made: one string key, and two sparse
// indexes that hold nothing but keys. template.yaml makes the same one.
func TableInput(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName:   aws.String(name),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(attrKey), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrDue), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrDueAt), AttributeType: types.ScalarAttributeTypeN},
			{AttributeName: aws.String(attrPublish), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrPublishAt), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema:              []types.KeySchemaElement{hashKey(attrKey)},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{dueIndex().definition(), publishIndex().definition()},
	}
}

func (x index) definition() types.GlobalSecondaryIndex {
	return types.GlobalSecondaryIndex{
		IndexName: aws.String(x.name),
		KeySchema: []types.KeySchemaElement{
			hashKey(x.name),
			{AttributeName: aws.String(x.sortBy), KeyType: types.KeyTypeRange},
		},
		Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
	}
}

func hashKey(attribute string) types.KeySchemaElement {
	return types.KeySchemaElement{AttributeName: aws.String(attribute), KeyType: types.KeyTypeHash}
}
