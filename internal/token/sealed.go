package token

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// Blob is a journal entry's answer as the journal stores it, sealed. Nobody but
// the journal looks inside. It prints as its length.
type Blob []byte

// Format implements fmt.Formatter for every verb without the bytes.
func (b Blob) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, b.String())
}

// LogValue implements slog.LogValuer without the bytes.
func (b Blob) LogValue() slog.Value { return slog.StringValue(b.String()) }

// String implements fmt.Stringer without the bytes.
func (b Blob) String() string { return "[sealed, " + strconv.Itoa(len(b)) + " bytes]" }

// Attempt names a write of an entry whose outcome is unknown. The journal sets
// it on the entry it returns with such an error; storing that entry once more
// over the same old one is then the same write, not another.
type Attempt struct {
	WriteID string // that the write gave, or would have given
	Over    string // write id of the entry it replaces
}
