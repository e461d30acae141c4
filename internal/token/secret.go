package token

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every printed Secret reads as. Stores refuse it as a value,
// so that a printed secret never comes back as a real one.
const Redacted = "[redacted]"

// ErrSecretMarshalled is what marshalling a Secret fails with: a struct that
// carries one is not a wire format, and silence would store "[redacted]".
var ErrSecretMarshalled = errors.New("a secret cannot be marshalled: reveal it into a wire struct of its store")

// Secret is a string that never prints itself: a token, a client secret, an
// API key. It holds a pointer, so that where fmt calls no method (an unexported
// field of a printed struct) only an address appears. The zero value is empty.
//
// It guards against printing by accident, not against a debugger or a memory
// dump. Two Secrets are compared with Equal; == compares addresses.
type Secret struct{ value *string }

// NewSecret wraps value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the value itself. Only wire structs of the stores, the token
// request and the answers that carry a token call it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is no value.
func (s Secret) Empty() bool { return s.value == nil }

// Storable reports whether the value is one that a store may keep: neither
// empty nor what a printed Secret reads as.
func (s Secret) Storable() bool { return !s.Empty() && s.Reveal() != Redacted }

// Equal reports whether both hold the same value, in time that depends on
// their lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String implements fmt.Stringer without the value.
func (Secret) String() string { return Redacted }

// Format implements fmt.Formatter for every verb without the value.
func (Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, Redacted) }

// LogValue implements slog.LogValuer without the value.
func (Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON fails with ErrSecretMarshalled.
func (Secret) MarshalJSON() ([]byte, error) { return nil, ErrSecretMarshalled }

// MarshalText fails with ErrSecretMarshalled.
func (Secret) MarshalText() ([]byte, error) { return nil, ErrSecretMarshalled }
