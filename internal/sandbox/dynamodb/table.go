package dynamodb

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"token-refresher/internal/sandbox/awsjson"
)

// Roles of an attribute in a key.
const (
	rolePartition = "HASH"
	roleSort      = "RANGE"
)

type definition struct{ AttributeName, AttributeType string }

type keyElement struct{ AttributeName, KeyType string }

type projection struct{ ProjectionType string }

type index struct {
	IndexName  string
	KeySchema  []keyElement
	Projection projection
}

// A table is one as it was created.
type table struct {
	TableName              string
	BillingMode            string
	AttributeDefinitions   []definition
	KeySchema              []keyElement
	GlobalSecondaryIndexes []index
	Created                time.Time
}

// findTable reads the table that an operation on items names.
func findTable(tx *bbolt.Tx, name string) (table, error) {
	if err := validName("tableName", name); err != nil {
		return table{}, err
	}
	data := tables(tx).Get([]byte(name))
	if data == nil {
		return table{}, awsjson.Refuse(typeNotFound, "Requested resource not found")
	}
	var t table
	if err := json.Unmarshal(data, &t); err != nil {
		return table{}, fmt.Errorf("table %s: %w", name, err)
	}
	return t, nil
}

// key is the name of the one attribute that makes up the table's key.
func (t table) key() string { return t.KeySchema[0].AttributeName }

// partition and sort are the names of the attributes of an index's key.
func (x index) partition() string { return x.KeySchema[0].AttributeName }
func (x index) sort() string      { return x.KeySchema[1].AttributeName }

// index finds an index by its name.
func (t table) index(name string) (index, error) {
	for _, x := range t.GlobalSecondaryIndexes {
		if x.IndexName == name {
			return x, nil
		}
	}
	return index{}, invalid("The table does not have the specified index: %s", name)
}

// keyNames are the attributes that an entry of the index holds, each once.
func (t table) keyNames(x index) []string {
	names := []string{t.key(), x.partition(), x.sort()}
	slices.Sort(names)
	return slices.Compact(names)
}

func (t table) typeOf(attribute string) string {
	i := slices.IndexFunc(t.AttributeDefinitions, func(d definition) bool { return d.AttributeName == attribute })
	if i < 0 {
		return ""
	}
	return t.AttributeDefinitions[i].AttributeType
}

// itemKey is the key in the bucket of items that a request names by the key's
// attributes alone.
func (t table) itemKey(named item) ([]byte, error) {
	v, ok := named[t.key()]
	if !ok || len(named) != 1 || v.kind != t.typeOf(t.key()) {
		return nil, invalid("The provided key element does not match the schema")
	}
	if err := t.checkKey(v); err != nil {
		return nil, err
	}
	return keyOf(v), nil
}

func (t table) checkKey(v value) error {
	switch {
	case len(v.data) == 0:
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kindName(v), t.key())
	case len(v.data) > maxPartitionKey:
		return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of%d bytes", maxPartitionKey)
	default:
		return nil
	}
}

// checkItem holds a whole item against the table and its indexes.
func (t table) checkItem(i item) error {
	v, ok := i[t.key()]
	if !ok {
		return invalid("One or more parameter values were invalid: Missing the key %s in the item", t.key())
	}
	if want := t.typeOf(t.key()); v.kind != want {
		return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", t.key(), want, v.kind)
	}
	if err := t.checkKey(v); err != nil {
		return err
	}
	for _, x := range t.GlobalSecondaryIndexes {
		for _, element := range x.KeySchema {
			if err := t.checkIndexed(x, element, i); err != nil {
				return err
			}
		}
	}
	if i.size() > maxItem {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

func (t table) checkIndexed(x index, element keyElement, i item) error {
	v, ok := i[element.AttributeName]
	if !ok {
		return nil
	}
	limit := maxPartitionKey
	if element.KeyType == roleSort {
		limit = maxSortKey
	}
	switch want := t.typeOf(element.AttributeName); {
	case v.kind != want:
		return invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", element.AttributeName, want, v.kind, x.IndexName)
	case len(v.data) == 0:
		return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", kindName(v), x.IndexName, element.AttributeName)
	case len(v.data) > limit:
		return invalid("One or more parameter values were invalid: Size of index key %s has exceeded the maximum size limit of %d bytes", element.AttributeName, limit)
	default:
		return nil
	}
}

func kindName(v value) string {
	if v.kind == kindBinary {
		return "binary"
	}
	return "string"
}
