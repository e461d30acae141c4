package dynamodb

import "bytes"

// Limits of keys in bytes.
const (
	maxPartitionKey = 2048
	maxSortKey      = 1024
)

// An end closes a value in a key. A zero byte within a value is followed by
// 0xff, so that keys are in the order of their values, one after the other.
const (
	end      = "\x00\x01"
	afterEnd = "\x00\x02" // comes after everything that begins with the value and its end
)

// keyOf makes the key of a bucket from the values that it is ordered by.
func keyOf(values ...value) []byte {
	var key []byte
	for _, v := range values {
		key = append(append(key, escaped(v)...), end...)
	}
	return key
}

// after comes after every key that begins with these values, and before every
// other that is greater.
func after(values ...value) []byte {
	last := len(values) - 1
	return append(append(keyOf(values[:last]...), escaped(values[last])...), afterEnd...)
}

func escaped(v value) []byte {
	return bytes.ReplaceAll(v.sortable(), []byte{0}, []byte{0, 0xff})
}
