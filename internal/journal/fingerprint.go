package journal

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"token-refresher/internal/token"
)

func formatFingerprint(f token.Fingerprint) string { return base64.RawURLEncoding.EncodeToString(f[:]) }

func parseFingerprint(text string) (token.Fingerprint, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(token.Fingerprint{}) {
		return token.Fingerprint{}, errors.New("a fingerprint is not 16 bytes in base64")
	}
	return token.Fingerprint(b), nil
}

// formatRemembered writes "fingerprint:revision". An entry remembers 64 of them,
// and a write costs by the kilobyte.
func formatRemembered(r token.Remembered) string {
	return formatFingerprint(r.Fingerprint) + ":" + strconv.FormatInt(r.Revision, 10)
}

func parseRemembered(text string) (token.Remembered, error) {
	fingerprint, revision, _ := strings.Cut(text, ":")
	f, err := parseFingerprint(fingerprint)
	if err != nil {
		return token.Remembered{}, err
	}
	n, err := strconv.ParseInt(revision, 10, 64)
	if err != nil {
		return token.Remembered{}, errors.New("a remembered revision is no number")
	}
	return token.Remembered{Fingerprint: f, Revision: n}, nil
}

func formatMemory(memory token.Memory) []string {
	texts := make([]string, 0, len(memory))
	for _, r := range memory {
		texts = append(texts, formatRemembered(r))
	}
	return texts
}

func parseMemory(texts []string) (token.Memory, error) {
	var memory token.Memory
	for _, text := range texts {
		r, err := parseRemembered(text)
		if err != nil {
			return nil, err
		}
		memory = append(memory, r)
	}
	return memory, nil
}
