package dynamodb

import "go.etcd.io/bbolt"

type scanRequest struct {
	TableName                 string
	ConsistentRead            bool
	ExclusiveStartKey         item
	Limit                     *int
	FilterExpression          string
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]value
}

// scan reads a page of a table, in the order of keys. AWS has none.
func (s *Server) scan(tx *bbolt.Tx, in scanRequest) (page, error) {
	t, err := findTable(tx, in.TableName)
	if err != nil {
		return page{}, err
	}
	w := walk{bucket: items(tx, t.TableName)}
	if w.limit, err = limitOf(in.Limit); err != nil {
		return page{}, err
	}
	filter, err := parse("FilterExpression", in.FilterExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return page{}, err
	}
	if in.ExclusiveStartKey != nil {
		if w.after, err = t.itemKey(in.ExclusiveStartKey); err != nil {
			return page{}, invalid("The provided starting key is invalid: The provided key element does not match the schema")
		}
	}
	return w.read([]string{t.key()}, filter)
}
