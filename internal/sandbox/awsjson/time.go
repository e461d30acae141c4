package awsjson

import (
	"encoding/json"
	"strconv"
	"time"
)

// A Time is one as the protocol has it: seconds since 1970, which may have a
// fraction. The zero time is left out by omitzero.
type Time struct{ time.Time }

// MarshalJSON writes the number, with milliseconds.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(t.UnixMilli())/1000, 'f', 3, 64), nil
}

// UnmarshalJSON reads the number, as a time in UTC.
func (t *Time) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	t.Time = time.UnixMilli(int64(seconds * 1000)).UTC()
	return nil
}
