package secretstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// accessTokenJSON is the value of an access-token secret, as consumers read it.
type accessTokenJSON struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	Scope       string `json:"scope"`
	IssuedAt    string `json:"issued_at"`
	ExpiresAt   string `json:"expires_at"`
	Client      string `json:"client"`
	Merchant    string `json:"merchant,omitempty"`
}

// encodeAccessToken writes the value of a secret. Both times are cut to whole
// seconds: an expiry never moves later, and an issue that moves earlier can only
// make a token look older than its credentials, never newer.
func encodeAccessToken(t token.AccessToken) ([]byte, error) {
	var value bytes.Buffer
	encoder := json.NewEncoder(&value)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(accessTokenJSON{
		AccessToken: t.Value.Reveal(),
		TokenType:   t.Type,
		Scope:       t.Scope,
		IssuedAt:    formatTime(t.IssuedAt),
		ExpiresAt:   formatTime(t.ExpiresAt),
		Client:      t.ID.Client,
		Merchant:    t.ID.Merchant,
	})
	if err != nil {
		return nil, errors.New("an access token that is not text")
	}
	return bytes.TrimSpace(value.Bytes()), nil
}

// decodeAccessToken reads the value of the secret that is named for id. Unknown
// fields are ignored. An error names the field and shows nothing of the value.
func decodeAccessToken(id token.ID, value []byte) (token.AccessToken, error) {
	var wire accessTokenJSON
	if err := unmarshal(value, &wire); err != nil {
		return token.AccessToken{}, err
	}
	t := token.AccessToken{
		ID:    id,
		Value: token.NewSecret(wire.AccessToken),
		Type:  wire.TokenType,
		Scope: wire.Scope,
	}
	var issuedErr, expiresErr error
	t.IssuedAt, issuedErr = parseTime("issued_at", wire.IssuedAt)
	t.ExpiresAt, expiresErr = parseTime("expires_at", wire.ExpiresAt)
	if err := errors.Join(issuedErr, expiresErr); err != nil {
		return token.AccessToken{}, err
	}
	return t, checkAccessToken(t, wire)
}

func checkAccessToken(t token.AccessToken, wire accessTokenJSON) error {
	switch {
	case t.Value.Empty():
		return errors.New("access_token is missing")
	case !t.Value.Storable():
		return errors.New("access_token is the placeholder that redacted secrets print as")
	case !t.ExpiresAt.After(t.IssuedAt):
		return errors.New("expires_at is not after issued_at")
	case wire.Client != "" && wire.Client != t.ID.Client:
		return errors.New("client is not the one of the secret's name")
	case wire.Merchant != "" && wire.Merchant != t.ID.Merchant:
		return errors.New("merchant is not the one of the secret's name")
	}
	return nil
}

// unmarshal keeps encoding/json's errors back, which may quote the input.
func unmarshal(value []byte, wire *accessTokenJSON) error {
	err := json.Unmarshal(value, wire)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not valid JSON (at byte %d)", syntax.Offset)
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		return fmt.Errorf("%s is not a string", mismatch.Field)
	}
	if err != nil {
		return errors.New("not a JSON object")
	}
	return nil
}

func formatTime(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

func parseTime(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, fmt.Errorf("%s is missing", field)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not a time as in RFC 3339", field)
	}
	return t.UTC(), nil
}
