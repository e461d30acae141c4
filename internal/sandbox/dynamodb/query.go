package dynamodb

import "go.etcd.io/bbolt"

type queryRequest struct {
	TableName                 string
	IndexName                 string
	ConsistentRead            bool
	KeyConditionExpression    string
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]value
	ExclusiveStartKey         item
	Limit                     *int
	ScanIndexForward          *bool
}

// query reads a page of an index.
func (s *Server) query(tx *bbolt.Tx, in queryRequest) (page, error) {
	t, err := findTable(tx, in.TableName)
	if err != nil {
		return page{}, err
	}
	if in.IndexName == "" {
		return page{}, notEmulated("a Query without IndexName")
	}
	x, err := t.index(in.IndexName)
	if err != nil {
		return page{}, err
	}
	if in.ConsistentRead {
		return page{}, invalid("Consistent reads are not supported on global secondary indexes")
	}
	w, err := in.walk(t, x)
	if err != nil {
		return page{}, err
	}
	w.bucket = entries(tx, t.TableName, x.IndexName)
	return w.read(t.keyNames(x), always{})
}

// walk says which part of the index is asked for.
func (in queryRequest) walk(t table, x index) (w walk, err error) {
	if w.from, w.to, err = in.bounds(t, x); err != nil {
		return walk{}, err
	}
	if w.limit, err = limitOf(in.Limit); err != nil {
		return walk{}, err
	}
	w.backwards = in.ScanIndexForward != nil && !*in.ScanIndexForward
	if in.ExclusiveStartKey == nil {
		return w, nil
	}
	w.after, err = t.startKey(x, in.ExclusiveStartKey)
	if err == nil && !w.within(w.after) {
		err = invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	return w, err
}

// bounds are the first key that the condition asks for, and the first after
// them.
func (in queryRequest) bounds(t table, x index) (from, to []byte, err error) {
	c, err := parse("KeyConditionExpression", in.KeyConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, nil, err
	}
	partition, sort, err := keyCondition(c, x)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range []compared{partition, sort} {
		if c.name != "" && c.to.kind != t.typeOf(c.name) {
			return nil, nil, invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
	}
	if sort.name == "" {
		return keyOf(partition.to), after(partition.to), nil
	}
	return keyOf(partition.to), after(partition.to, sort.to), nil
}

// keyCondition takes the two parts of a condition apart. The second is zero if
// there is none.
func keyCondition(c condition, x index) (partition, sort compared, err error) {
	if both, ok := c.(all); ok {
		if sort, ok = both.right.(compared); !ok || sort.name != x.sort() || sort.comparator != opAtMost {
			return compared{}, compared{}, notEmulated("another condition of the sort key than %s <= a value, behind that of the partition key", x.sort())
		}
		c = both.left
	}
	partition, ok := c.(compared)
	if !ok || partition.name != x.partition() || partition.comparator != opEqual {
		return compared{}, compared{}, invalid("Query condition missed key schema element: %s", x.partition())
	}
	return partition, sort, nil
}

// startKey is where in the index the page before ended.
func (t table) startKey(x index, start item) ([]byte, error) {
	names := t.keyNames(x)
	if len(start) != len(names) {
		return nil, invalid("The provided starting key is invalid")
	}
	for _, name := range names {
		if v, ok := start[name]; !ok || v.kind != t.typeOf(name) {
			return nil, invalid("The provided starting key is invalid")
		}
	}
	return t.entryKey(x, start), nil
}
