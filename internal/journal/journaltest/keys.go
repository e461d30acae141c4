package journaltest

import (
	"context"
	"errors"
	"testing"

	"token-refresher/internal/seal"
)

// Versions of the keys that tests seal with.
const (
	keyVersion = "11111111-1111-4111-8111-111111111111"
	keyText    = "a key of the tests, sealing nothing real"
)

// errNoKeys is what keys that cannot be read fail with.
var errNoKeys = errors.New("keys cannot be read")

// keys has one key, until it is broken.
type keys struct{ broken bool }

func (k keys) Current(context.Context) (string, []byte, error) {
	if k.broken {
		return "", nil, errNoKeys
	}
	return keyVersion, []byte(keyText), nil
}

func (k keys) Version(context.Context, string) ([]byte, error) {
	if k.broken {
		return nil, errNoKeys
	}
	return nil, seal.ErrUnknownKey
}

// Sealer makes a sealer with one key, which is no secret.
func Sealer(t testing.TB) *seal.Sealer {
	t.Helper()
	return sealerOf(t, keys{})
}

func sealerOf(t testing.TB, k seal.Keys) *seal.Sealer {
	t.Helper()
	s, err := seal.New(seal.Config{Keys: k})
	if err != nil {
		t.Fatalf("seal.New: %v", err)
	}
	return s
}
