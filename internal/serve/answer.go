package serve

import (
	"time"

	"token-refresher/internal/token"
)

// Answer is the access-token JSON (docs/contract.md): the answer to a consumer,
// and to an operator who asks for a token by name. It reveals it.
type Answer struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	Scope       string    `json:"scope,omitempty"`
	IssuedAt    time.Time `json:"issued_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	Client      string    `json:"client"`
	Merchant    string    `json:"merchant,omitempty"`
}

// AnswerOf is the answer that hands the token out. Its times are in UTC, to the
// second.
func AnswerOf(t token.AccessToken) Answer {
	return Answer{
		AccessToken: t.Value.Reveal(), TokenType: t.Type, Scope: t.Scope,
		IssuedAt: t.IssuedAt.UTC().Truncate(time.Second), ExpiresAt: t.ExpiresAt.UTC().Truncate(time.Second),
		Client: t.ID.Client, Merchant: t.ID.Merchant,
	}
}
