package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
)

const (
	minKeyLen = 32 // bytes of text: a generated string of letters and digits then has over 190 bits
	aesKeyLen = 32
)

// material is the text of a key. It holds a pointer, so that fmt shows an
// address where it calls no method, and prints as [redacted] elsewhere.
type material struct{ text *[]byte }

func newMaterial(text []byte) (material, error) {
	if len(text) < minKeyLen {
		return material{}, fmt.Errorf("%w: %d bytes, at least %d are needed", ErrWeakKey, len(text), minKeyLen)
	}
	kept := append([]byte(nil), text...)
	return material{text: &kept}, nil
}

// Format implements fmt.Formatter for every verb without the key.
func (material) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[redacted]") }

// box makes the cipher for the purpose and id of a label. It prepends a random
// nonce to what it seals and takes it from what it opens.
func (m material) box(l Label) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, *m.text, nil, l.context(), aesKeyLen)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
