package consent

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"token-refresher/internal/seal"
)

// sealText seals a value as JSON, in characters that can stand in a URL and in a
// cookie (base64url, RFC 4648 section 5).
func sealText(ctx context.Context, s *seal.Sealer, l seal.Label, value any) (string, error) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false) // three times the size of an address with many & in it
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	sealed, err := s.Seal(ctx, l, plain.Bytes())
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// openText opens what sealText made under the same label. Errors: those of
// seal.Sealer.Open; seal.ErrMalformed for what is no such text.
func openText(ctx context.Context, s *seal.Sealer, l seal.Label, text string, value any) error {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // line breaks, which the decoder skips
		return fmt.Errorf("%w: no base64url", seal.ErrMalformed)
	}
	plain, err := s.Open(ctx, l, sealed)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("%w: no JSON of this kind", seal.ErrMalformed)
	}
	return nil
}

// keyUnavailable is the one fault that says nothing about what was to be opened.
const keyUnavailable = "key_unavailable"

// faultOf is why something did not open, in a word for the log. The error itself
// may name a key version, which comes from outside.
func faultOf(err error) string {
	switch {
	case errors.Is(err, seal.ErrKeyUnavailable):
		return keyUnavailable
	case errors.Is(err, seal.ErrUnknownKey):
		return "key_unknown"
	case errors.Is(err, seal.ErrTampered), errors.Is(err, seal.ErrMislabelled):
		return "tampered"
	default:
		return "malformed"
	}
}
