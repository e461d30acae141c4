package dynamodb

import (
	"encoding/json"
	"maps"
	"regexp"
	"strconv"
	"strings"
)

// maxItem is the size limit of an item in bytes, with the names of its
// attributes ("Service, account, and table quotas" in the developer guide).
const maxItem = 400 << 10

// maxDigits is the precision of a number.
const maxDigits = 38

// Types of attributes, as they are written on the wire.
const (
	kindString = "S"
	kindNumber = "N"
	kindBinary = "B"
)

var wholeNumber = regexp.MustCompile(`^(-?)0*([0-9]+)$`)

// An item is a set of attributes by name.
type item map[string]value

// A value is an attribute's: the bytes of a string or a binary, the digits of a
// number. It is never formatted, logged or put into an error.
type value struct {
	kind string
	data []byte
}

// MarshalJSON writes the value as the protocol has it.
func (v value) MarshalJSON() ([]byte, error) {
	if v.kind == kindBinary {
		return json.Marshal(map[string][]byte{v.kind: v.data})
	}
	return json.Marshal(map[string]string{v.kind: string(v.data)})
}

// UnmarshalJSON reads the value as the protocol has it.
func (v *value) UnmarshalJSON(raw []byte) error {
	var typed map[string]json.RawMessage
	if err := json.Unmarshal(raw, &typed); err != nil {
		return err
	}
	maps.DeleteFunc(typed, func(_ string, content json.RawMessage) bool { return string(content) == "null" })
	if len(typed) == 0 {
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	}
	if len(typed) > 1 {
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	for kind, content := range typed {
		v.kind = kind
		if kind == kindBinary {
			return json.Unmarshal(content, &v.data)
		}
		if kind != kindString && kind != kindNumber {
			return notEmulated("attributes of the type %s", kind)
		}
		var text string
		if err := json.Unmarshal(content, &text); err != nil {
			return err
		}
		v.data = []byte(text)
	}
	if v.kind == kindNumber {
		return v.normalize()
	}
	return nil
}

// normalize takes away what makes two texts of one number differ.
func (v *value) normalize() error {
	parts := wholeNumber.FindStringSubmatch(string(v.data))
	if parts == nil {
		if _, err := strconv.ParseFloat(string(v.data), 64); err == nil {
			return notEmulated("numbers that are not whole, or are written with an exponent")
		}
		return invalid("The parameter cannot be converted to a numeric value")
	}
	sign, digits := parts[1], parts[2]
	if len(strings.TrimRight(digits, "0")) > maxDigits {
		return invalid("Attempting to store more than 38 significant digits in a Number")
	}
	if len(digits) > maxDigits {
		return notEmulated("numbers of more than %d digits", maxDigits)
	}
	if digits == "0" {
		sign = ""
	}
	v.data = []byte(sign + digits)
	return nil
}

// sortable is the value as bytes that are in the order of the values of a kind.
func (v value) sortable() []byte {
	if v.kind != kindNumber {
		return v.data
	}
	digits, negative := strings.CutPrefix(string(v.data), "-")
	b := append([]byte{1, byte(len(digits))}, digits...) //nolint:gosec // at most maxDigits
	if negative {
		for i := range b {
			b[i] = ^b[i]
		}
		b[0] = 0
	}
	return b
}

// size is what the item counts against limits: names and values, numbers in
// about half as many bytes as they have digits.
func (i item) size() int {
	n := 0
	for name, v := range i {
		n += len(name) + len(v.data)
		if v.kind == kindNumber {
			n += 1 + (len(v.data)+1)/2 - len(v.data)
		}
	}
	return n
}

// only is the item with no other attributes than these.
func (i item) only(names ...string) item {
	some := make(item, len(names))
	for _, name := range names {
		if v, ok := i[name]; ok {
			some[name] = v
		}
	}
	return some
}
