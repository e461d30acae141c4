package dynamodb

import (
	"fmt"

	"go.etcd.io/bbolt"

	"token-refresher/internal/sandbox/awsjson"
)

const statusActive = "ACTIVE"

type describeRequest struct{ TableName string }

type described struct{ Table tableDescription }

type billing struct{ BillingMode string }

type tableDescription struct {
	TableName              string
	TableARN               string `json:"TableArn"`
	TableStatus            string
	CreationDateTime       awsjson.Time
	ItemCount              int
	BillingModeSummary     billing
	AttributeDefinitions   []definition
	KeySchema              []keyElement
	GlobalSecondaryIndexes []indexDescription `json:",omitempty"`
}

type indexDescription struct {
	index
	IndexARN    string `json:"IndexArn"`
	IndexStatus string
	ItemCount   int
}

func (s *Server) describeTable(tx *bbolt.Tx, in describeRequest) (described, error) {
	t, err := findTable(tx, in.TableName)
	if err != nil {
		return described{}, err
	}
	return described{s.description(tx, t)}, nil
}

// description counts as of now; AWS does so about every six hours.
func (s *Server) description(tx *bbolt.Tx, t table) tableDescription {
	arn := fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", s.config.Region, s.config.Account, t.TableName)
	d := tableDescription{
		TableName: t.TableName, TableARN: arn, TableStatus: statusActive, CreationDateTime: awsjson.Time{Time: t.Created},
		ItemCount: items(tx, t.TableName).Stats().KeyN, BillingModeSummary: billing{t.BillingMode},
		AttributeDefinitions: t.AttributeDefinitions, KeySchema: t.KeySchema,
	}
	for _, x := range t.GlobalSecondaryIndexes {
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, indexDescription{
			index: x, IndexARN: arn + "/index/" + x.IndexName, IndexStatus: statusActive,
			ItemCount: entries(tx, t.TableName, x.IndexName).Stats().KeyN,
		})
	}
	return d
}
