package secretstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"token-refresher/internal/token"
)

// PutCredentials stores what an operator gives for a client: in the place of the
// version that was read, or in a new secret if replaces is "". The secret gets
// the tags that roles depend on; grantType is that of the provider.
//
// It is an operator's write: no function has a call for it, and nothing but
// the account's write rate limits it. What could not be read back is refused
// before any call. A new secret that somebody else has filled meanwhile is
// token.ErrConflict. Other errors: token.ErrDeleted, token.ErrNotFound, ErrQuota,
// ErrThrottled, ErrDenied, the context's.
func (s *Store) PutCredentials(ctx context.Context, grantType token.GrantType, c token.Credentials, replaces string) error {
	name := s.names.credentials(c.Client)
	value, err := storableCredentials(c)
	if err != nil {
		return fmt.Errorf("secret %s: not written: %w", name, err)
	}
	w := valueWrite{
		name: name, value: value,
		hidden:      append(slices.Collect(maps.Values(c.Fields)), c.ClientSecret, c.Provider),
		description: "OAuth 2.0 client credentials of " + c.Client + ", for token-refresher",
		tags:        s.ownTags(token.ID{Client: c.Client}, KindCredentials, grantType),
	}
	if replaces == "" {
		return s.create(ctx, w, "")
	}
	if err := s.tag(ctx, w); err != nil {
		return err
	}
	return s.put(ctx, w)
}

// storableCredentials is what a secret will hold, if it can be read back from
// there.
func storableCredentials(c token.Credentials) (string, error) {
	if err := (token.ID{Client: c.Client}).Check(); err != nil {
		return "", err
	}
	var value bytes.Buffer
	encoder := json.NewEncoder(&value)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ") // people read it in the console
	if err := encoder.Encode(credentialsFields(c)); err != nil {
		return "", errors.New("credentials that are not text")
	}
	if value.Len() > maxValueLen {
		return "", fmt.Errorf("a value of %d bytes: at most %d can be stored", value.Len(), maxValueLen)
	}
	again, err := token.ParseCredentials(c.Client, value.Bytes())
	if err != nil {
		return "", err
	}
	if !sameCredentials(c, again) {
		return "", errors.New("a further field has an empty value, or the name of one of our own")
	}
	return string(bytes.TrimSpace(value.Bytes())), nil
}

// credentialsFields are the fields of the secret's object. What is as it would
// be without the field is left out.
func credentialsFields(c token.Credentials) map[string]any {
	fields := map[string]any{}
	for name, value := range c.Fields {
		fields[name] = value.Reveal()
	}
	fields["provider"] = json.RawMessage(c.Provider.Reveal())
	fields["client_id"] = c.ClientID
	refresh := c.Refresh
	if refresh == token.RefreshUsed {
		refresh = "" // the default
	}
	for name, text := range map[string]string{
		"client_secret": c.ClientSecret.Reveal(), "publish": string(c.Publish), "refresh": string(refresh),
	} {
		if text != "" {
			fields[name] = text
		}
	}
	for name, list := range map[string][]string{"scopes": c.Scopes, "merchants": c.Merchants} {
		if len(list) > 0 {
			fields[name] = list
		}
	}
	if !c.Unbound {
		fields["unbound"] = false
	}
	return fields
}

// sameCredentials reports whether what is read back says what was meant. What
// each field may hold, the parser has checked.
func sameCredentials(a, b token.Credentials) bool {
	return a.ClientID == b.ClientID && a.ClientSecret.Equal(b.ClientSecret) &&
		maps.EqualFunc(a.Fields, b.Fields, token.Secret.Equal) &&
		slices.Equal(a.Scopes, b.Scopes) && slices.Equal(a.Merchants, b.Merchants) &&
		a.Unbound == b.Unbound && a.Publish == b.Publish
}
