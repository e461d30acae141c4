package seal

import (
	"crypto/sha256"
	"encoding/binary"
)

// Label says what a sealed value is. It is not secret and not part of the
// sealed value; a value opens under its own label only.
type Label struct {
	Purpose  string // what kind of value it is: no key serves two purposes
	ID       string // whose it is
	Revision int64  // which of that id's values
}

// context is what keys are derived for: purpose and id, each behind its length,
// so that no two pairs read the same.
func (l Label) context() string {
	b := []byte("token-refresher/seal/1")
	for _, part := range []string{l.Purpose, l.ID} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // names are short
		b = append(b, part...)
	}
	return string(b)
}

// bytes is the whole label, as it is authenticated.
func (l Label) bytes() []byte {
	return binary.BigEndian.AppendUint64([]byte(l.context()), uint64(l.Revision)) //nolint:gosec // all 64 bits are kept
}

// mark is a short hash of the label that stands in the envelope. It tells a
// value in the wrong place from a damaged one and protects nothing: GCM does.
func (l Label) mark() []byte {
	sum := sha256.Sum256(l.bytes())
	return sum[:markLen]
}
