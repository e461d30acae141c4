package secretsmanager

import (
	"bytes"

	"token-refresher/internal/sandbox/awsjson"
)

// maxValue is the size limit of a value in bytes.
const maxValue = 65_536

const (
	kindString byte = 's'
	kindBinary byte = 'b'
)

// A value is what a secret holds. It is never formatted, logged or put into an
// error.
type value struct {
	kind byte
	data []byte
}

// newValue takes the two fields of a request, of which at most one may be set.
// It returns nil if neither is.
func newValue(text *string, binary []byte) (*value, error) {
	switch {
	case text != nil && binary != nil:
		return nil, awsjson.Refuse(typeInvalidParameter, textOneValue)
	case text != nil:
		return &value{kind: kindString, data: []byte(*text)}, sizeOf("secretString", len(*text))
	case binary != nil:
		return &value{kind: kindBinary, data: binary}, sizeOf("secretBinary", len(binary))
	default:
		return nil, nil
	}
}

// sizeOf checks the length of a value without naming it.
func sizeOf(field string, n int) error {
	switch {
	case n < 1:
		return invalid("Value at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", field)
	case n > maxValue:
		return invalid("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", field, maxValue)
	default:
		return nil
	}
}

func (v *value) equal(other *value) bool {
	return v != nil && other != nil && v.kind == other.kind && bytes.Equal(v.data, other.data)
}

// text and binary are the two fields of an answer.
func (v *value) text() *string {
	if v.kind != kindString {
		return nil
	}
	s := string(v.data)
	return &s
}

func (v *value) binary() []byte {
	if v.kind != kindBinary {
		return nil
	}
	return v.data
}

func (v *value) encode() []byte { return append([]byte{v.kind}, v.data...) }

// decodeValue copies: what bbolt returns lives as long as its transaction.
func decodeValue(b []byte) *value {
	if len(b) == 0 {
		return nil
	}
	return &value{kind: b[0], data: bytes.Clone(b[1:])}
}
