package seal

import (
	"bytes"
	"fmt"
	"slices"
)

// The parts of a sealed value: format byte, length of the key's version, that
// version, mark of the label, and what AES-GCM made (nonce, ciphertext, tag).
const (
	format1 = 1

	maxVersionLen = 64 // as of a secret's version id (Secrets Manager API reference)
	markLen       = 8
	nonceLen      = 12
	tagLen        = 16
)

// envelope is a sealed value, taken apart.
type envelope struct {
	version string
	mark    []byte
	box     []byte // nonce, ciphertext and tag
}

// header is all but the box.
func (e envelope) header() []byte {
	h := append([]byte{format1, byte(len(e.version))}, e.version...) //nolint:gosec // at most maxVersionLen
	return append(h, e.mark...)
}

// parseEnvelope takes a sealed value apart without copying. It checks all that
// can be checked without a key. Errors: ErrMalformed.
func parseEnvelope(sealed []byte) (envelope, error) {
	if len(sealed) < 2 {
		return envelope{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(sealed))
	}
	if sealed[0] != format1 {
		return envelope{}, fmt.Errorf("%w: format %d is not known", ErrMalformed, sealed[0])
	}
	versionLen, rest := int(sealed[1]), sealed[2:]
	if len(rest) < versionLen+markLen+nonceLen+tagLen {
		return envelope{}, fmt.Errorf("%w: it ends too early", ErrMalformed)
	}
	e := envelope{
		version: string(rest[:versionLen]),
		mark:    rest[versionLen : versionLen+markLen],
		box:     rest[versionLen+markLen:],
	}
	if !validVersion(e.version) {
		return envelope{}, fmt.Errorf("%w: it names no version of a key", ErrMalformed)
	}
	return e, nil
}

// validVersion reports whether a version can be written in an envelope and sent
// to where keys are kept. What an envelope says comes from outside.
func validVersion(version string) bool {
	odd := func(b byte) bool {
		return !bytes.ContainsRune([]byte("-_."), rune(b)) &&
			(b < '0' || b > '9') && (b < 'A' || b > 'Z') && (b < 'a' || b > 'z')
	}
	return version != "" && len(version) <= maxVersionLen && !slices.ContainsFunc([]byte(version), odd)
}
