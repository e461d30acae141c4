package journal

import (
	"encoding/base64"
	"encoding/binary"
	"errors"

	"token-refresher/internal/token"
)

const (
	fingerprintLen = len(token.Fingerprint{})
	rememberedLen  = fingerprintLen + 8
)

func formatFingerprint(f token.Fingerprint) string { return base64.RawURLEncoding.EncodeToString(f[:]) }

func parseFingerprint(text string) (token.Fingerprint, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != fingerprintLen {
		return token.Fingerprint{}, errors.New("a fingerprint is not 16 bytes in base64")
	}
	return token.Fingerprint(b), nil
}

// formatMemory writes fingerprint and revision (64 bits, big-endian) of all that
// is remembered, the newest last, in one base64 string: a memory holds 64 of
// them, is written with every change of an entry, and a write costs by the
// kilobyte.
func formatMemory(memory token.Memory) string {
	b := make([]byte, 0, len(memory)*rememberedLen)
	for _, r := range memory {
		b = append(b, r.Fingerprint[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(r.Revision)) //nolint:gosec // all 64 bits are kept
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseMemory(text string) (token.Memory, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b)%rememberedLen != 0 {
		return nil, errors.New("what is remembered is not 24 bytes each in base64")
	}
	var memory token.Memory
	for ; len(b) > 0; b = b[rememberedLen:] {
		memory = append(memory, token.Remembered{
			Fingerprint: token.Fingerprint(b[:fingerprintLen]),
			Revision:    int64(binary.BigEndian.Uint64(b[fingerprintLen:])), //nolint:gosec // as it was written
		})
	}
	return memory, nil
}
