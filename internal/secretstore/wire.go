package secretstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
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
// fields are ignored. All faults are reported at once, by field; an error shows
// nothing of the value.
func decodeAccessToken(id token.ID, value []byte) (token.AccessToken, error) {
	var wire accessTokenJSON
	if err := unmarshal(value, &wire); err != nil {
		return token.AccessToken{}, err
	}
	t := token.AccessToken{ID: id, Value: token.NewSecret(wire.AccessToken), Type: wire.TokenType, Scope: wire.Scope}
	var faults, timeFaults []string
	switch {
	case t.Value.Empty():
		faults = append(faults, "access_token is missing")
	case !t.Value.Storable():
		faults = append(faults, "access_token is the placeholder that redacted secrets print as")
	}
	if wire.Client != "" && wire.Client != id.Client {
		faults = append(faults, "client is not the one of the secret's name")
	}
	if wire.Merchant != "" && wire.Merchant != id.Merchant {
		faults = append(faults, "merchant is not the one of the secret's name")
	}
	t.IssuedAt, t.ExpiresAt, timeFaults = wire.times()
	if faults = append(faults, timeFaults...); len(faults) > 0 {
		return token.AccessToken{}, errors.New(strings.Join(faults, "; "))
	}
	return t, nil
}

// times reads issue and expiry, and says what is wrong with them.
func (wire accessTokenJSON) times() (issued, expires time.Time, faults []string) {
	issued, issuedFault := parseTime("issued_at", wire.IssuedAt)
	expires, expiresFault := parseTime("expires_at", wire.ExpiresAt)
	for _, fault := range []string{issuedFault, expiresFault} {
		if fault != "" {
			faults = append(faults, fault)
		}
	}
	if len(faults) == 0 && !expires.After(issued) {
		faults = append(faults, "expires_at is not after issued_at")
	}
	return issued, expires, faults
}

// unmarshal keeps encoding/json's errors back, which may quote the input.
func unmarshal(value []byte, wire any) error {
	err := json.Unmarshal(value, wire)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not valid JSON (at byte %d)", syntax.Offset)
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mismatch.Field != "" {
		return fmt.Errorf("%s is not a %s", mismatch.Field, wordFor(mismatch.Type.Kind()))
	}
	if err != nil {
		return errors.New("not a JSON object")
	}
	return nil
}

// wordFor is what people call a JSON value that fits into a field.
func wordFor(kind reflect.Kind) string {
	if kind == reflect.String {
		return "string"
	}
	return "whole number"
}

func formatTime(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

func parseTime(field, text string) (t time.Time, fault string) {
	if text == "" {
		return time.Time{}, field + " is missing"
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, field + " is not a time as in RFC 3339"
	}
	return t.UTC(), ""
}
