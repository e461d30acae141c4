package secretstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// grantJSON is the value of a grant secret. People and imports write it too;
// only the refresh token must be there.
type grantJSON struct {
	RefreshToken string `json:"refresh_token"`
	CodeVerifier string `json:"code_verifier"`
	Scope        string `json:"scope"`
	Subject      string `json:"subject"`
	Issuer       string `json:"issuer"`
	ConsentedAt  string `json:"consented_at,omitempty"`
	Revision     int64  `json:"revision,omitempty"`
	Stamp        string `json:"stamp,omitempty"`
}

// encodeGrant writes the value of a secret. The time is cut to whole seconds.
func encodeGrant(g token.Grant) ([]byte, error) {
	wire := grantJSON{
		RefreshToken: g.RefreshToken.Reveal(), CodeVerifier: g.CodeVerifier.Reveal(),
		Scope: g.Scope, Subject: g.Subject, Issuer: g.Issuer, Revision: g.Revision, Stamp: g.Stamp,
	}
	if !g.ConsentedAt.IsZero() {
		wire.ConsentedAt = formatTime(g.ConsentedAt)
	}
	var value bytes.Buffer
	encoder := json.NewEncoder(&value)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(wire); err != nil {
		return nil, errors.New("a grant that is not text")
	}
	return bytes.TrimSpace(value.Bytes()), nil
}

// decodeGrant reads the value of the secret that is named for id. Unknown fields
// are ignored. All faults are reported at once, by field; an error shows nothing
// of the value. Whether the stamp fits is for token to say.
func decodeGrant(id token.ID, value []byte) (token.Grant, error) {
	var wire grantJSON
	if err := unmarshal(value, &wire); err != nil {
		return token.Grant{}, err
	}
	g := token.Grant{
		ID: id, RefreshToken: token.NewSecret(wire.RefreshToken), CodeVerifier: token.NewSecret(wire.CodeVerifier),
		Scope: wire.Scope, Subject: wire.Subject, Issuer: wire.Issuer, Revision: wire.Revision, Stamp: wire.Stamp,
	}
	var faults []string
	switch {
	case g.RefreshToken.Empty():
		faults = append(faults, "refresh_token is missing")
	case !g.RefreshToken.Storable():
		faults = append(faults, "refresh_token is the placeholder that redacted secrets print as")
	}
	if !g.CodeVerifier.Empty() && !g.CodeVerifier.Storable() {
		faults = append(faults, "code_verifier is the placeholder that redacted secrets print as")
	}
	if wire.Revision < 0 {
		faults = append(faults, "revision is negative")
	}
	if wire.ConsentedAt != "" {
		var fault string
		if g.ConsentedAt, fault = parseTime("consented_at", wire.ConsentedAt); fault != "" {
			faults = append(faults, fault)
		}
	}
	if len(faults) > 0 {
		return token.Grant{}, errors.New(strings.Join(faults, "; "))
	}
	return g, nil
}

// storableGrant is what a secret will hold, if it can be read back from there
// with a stamp that fits: one without it would be taken for a stranger's.
func storableGrant(g token.Grant) (string, error) {
	value, again, err := writtenGrant(g)
	switch {
	case err != nil:
		return "", err
	case !again.StampFits():
		return "", errors.New("the stamp does not fit")
	}
	return value, nil
}

// writtenGrant is a grant as a secret holds it, and as it is read back.
func writtenGrant(g token.Grant) (value string, again token.Grant, err error) {
	if err := checkGrantID(g.ID); err != nil {
		return "", again, err
	}
	text, err := encodeGrant(g)
	if err != nil {
		return "", again, err
	}
	if len(text) > maxValueLen {
		return "", again, fmt.Errorf("a value of %d bytes: at most %d can be stored", len(text), maxValueLen)
	}
	again, err = decodeGrant(g.ID, text)
	switch {
	case err != nil:
		return "", again, err
	case !again.ConsentedAt.Equal(g.ConsentedAt.Truncate(time.Second)):
		return "", again, errors.New("consented_at cannot be written down")
	}
	return string(text), again, nil
}
