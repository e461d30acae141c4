package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// answer is what is sealed, as JSON: the one wire structure of this package that
// holds secrets revealed.
type answer struct {
	Grant  grant  `json:"grant,omitzero"`
	Access access `json:"access,omitzero"`
}

type grant struct {
	RefreshToken string    `json:"refresh_token,omitzero"`
	CodeVerifier string    `json:"code_verifier,omitzero"`
	Scope        string    `json:"scope,omitzero"`
	Subject      string    `json:"subject,omitzero"`
	Issuer       string    `json:"issuer,omitzero"`
	ConsentedAt  time.Time `json:"consented_at,omitzero"`
	Revision     int64     `json:"revision,omitzero"`
	Stamp        string    `json:"stamp,omitzero"`
}

type access struct {
	Value     string    `json:"access_token,omitzero"`
	Type      string    `json:"token_type,omitzero"`
	Scope     string    `json:"scope,omitzero"`
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

func answerOf(e token.Entry) answer {
	g, a := e.Grant, e.Access
	return answer{
		Grant: grant{
			RefreshToken: g.RefreshToken.Reveal(), CodeVerifier: g.CodeVerifier.Reveal(),
			Scope: g.Scope, Subject: g.Subject, Issuer: g.Issuer, ConsentedAt: utc(g.ConsentedAt),
			Revision: g.Revision, Stamp: g.Stamp,
		},
		Access: access{
			Value: a.Value.Reveal(), Type: a.Type, Scope: a.Scope,
			IssuedAt: utc(a.IssuedAt), ExpiresAt: utc(a.ExpiresAt),
		},
	}
}

// into puts the answer into its entry. A part that there is none of stays zero.
func (w answer) into(e *token.Entry) {
	e.Grant, e.Access = token.Grant{}, token.AccessToken{}
	if g := w.Grant; g != (grant{}) {
		e.Grant = token.Grant{
			ID: e.ID, RefreshToken: token.NewSecret(g.RefreshToken), CodeVerifier: token.NewSecret(g.CodeVerifier),
			Scope: g.Scope, Subject: g.Subject, Issuer: g.Issuer, ConsentedAt: g.ConsentedAt,
			Revision: g.Revision, Stamp: g.Stamp,
		}
	}
	if a := w.Access; a != (access{}) {
		e.Access = token.AccessToken{
			ID: e.ID, Value: token.NewSecret(a.Value), Type: a.Type, Scope: a.Scope,
			IssuedAt: a.IssuedAt, ExpiresAt: a.ExpiresAt,
		}
	}
}

// check refuses an answer that nobody could use when it is read back.
func (w answer) check(e token.Entry) error {
	switch {
	case !e.Grant.RefreshToken.Storable():
		return errors.New("the refresh token is empty or redacted")
	case w.Access.Value == token.Redacted, w.Grant.CodeVerifier == token.Redacted:
		return errors.New("a secret is redacted")
	case e.Grant.ID != e.ID, w.Access != (access{}) && e.Access.ID != e.ID:
		return errors.New("the answer is another entry's")
	}
	return nil
}

func (w answer) marshal() ([]byte, error) {
	plaintext, err := json.Marshal(w)
	if err != nil {
		return nil, errors.New("an answer that is no JSON")
	}
	return plaintext, nil
}

// unmarshalAnswer keeps encoding/json's errors back, which may quote the input.
func unmarshalAnswer(plaintext []byte) (answer, error) {
	var w answer
	if err := json.Unmarshal(plaintext, &w); err != nil {
		return answer{}, fmt.Errorf("what was sealed is no answer: %w", token.ErrUnreadable)
	}
	return w, nil
}

// utc is a time as it is read back: without zone and monotonic clock.
func utc(t time.Time) time.Time { return t.UTC().Round(0) }
