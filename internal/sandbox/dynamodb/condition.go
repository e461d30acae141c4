package dynamodb

import (
	"bytes"

	"token-refresher/internal/sandbox/awsjson"
)

// A condition is what an expression says of an item, which is nil if there is
// none.
type condition interface{ holds(i item) bool }

// Functions and comparators of expressions.
const (
	funcExists    = "attribute_exists"
	funcNotExists = "attribute_not_exists"
	funcBegins    = "begins_with"
	opEqual       = "="
	opAtMost      = "<="
)

// always is what no expression says.
type always struct{}

// all is AND, either is OR.
type (
	all    struct{ left, right condition }
	either struct{ left, right condition }
)

// existing is attribute_exists, or attribute_not_exists if it is not wanted.
type existing struct {
	name string
	want bool
}

// begins is begins_with.
type begins struct {
	name string
	with value
}

// compared is a comparison with a value.
type compared struct {
	name, comparator string
	to               value
}

func (always) holds(item) bool       { return true }
func (c all) holds(i item) bool      { return c.left.holds(i) && c.right.holds(i) }
func (c either) holds(i item) bool   { return c.left.holds(i) || c.right.holds(i) }
func (c existing) holds(i item) bool { _, ok := i[c.name]; return ok == c.want }

func (c begins) holds(i item) bool {
	v, ok := i[c.name]
	return ok && v.kind == c.with.kind && bytes.HasPrefix(v.data, c.with.data)
}

func (c compared) holds(i item) bool {
	v, ok := i[c.name]
	if !ok || v.kind != c.to.kind {
		return false
	}
	order := bytes.Compare(v.sortable(), c.to.sortable())
	return order == 0 || order < 0 && c.comparator == opAtMost
}

// conditional is what the requests of conditional writes have in common.
type conditional struct {
	ConditionExpression                 string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           map[string]value
	ReturnValuesOnConditionCheckFailure string
}

func (c conditional) parse() (condition, error) {
	switch c.ReturnValuesOnConditionCheckFailure {
	case "", "NONE", "ALL_OLD":
	default:
		return nil, invalid("1 validation error detected: Value '%s' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]", c.ReturnValuesOnConditionCheckFailure)
	}
	return parse("ConditionExpression", c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues)
}

// failed is the error of a condition that does not hold for what stands there.
func (c conditional) failed(standing item) error {
	err := awsjson.Refuse(typeConditionFailed, "The conditional request failed")
	if c.ReturnValuesOnConditionCheckFailure == "ALL_OLD" {
		err.Detail = standing
	}
	return err
}
