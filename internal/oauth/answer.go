package oauth

import (
	"time"

	"golang.org/x/oauth2"

	"token-refresher/internal/token"
)

// Answer is what a token endpoint gave (RFC 6749 section 5.1).
type Answer struct {
	AccessToken  token.Secret
	RefreshToken token.Secret // empty if none came; after a Refresh the one to keep
	IDToken      token.Secret // empty if none came; not verified
	TokenType    string       // "Bearer" unless the server says otherwise
	Scope        string       // what was asked for if the server says nothing

	// IssuedAt is when the request was sent, so that IssuedAt plus ExpiresIn is
	// never later than the token's real end.
	IssuedAt  time.Time
	ExpiresIn time.Duration // 30 days at most; positive unless AccessToken is empty

	Rotated bool // the refresh token is another than the one that was sent

	// Oddities says what was put right in the answer, in constant phrases such
	// as "expires_in missing". They are for the log.
	Oddities []string
}

// rescued is the answer to a refresh that brought a refresh token and no usable
// access token.
func rescued(c clean, issuedAt time.Time, oddities []string) Answer {
	return Answer{
		RefreshToken: token.NewSecret(c.RefreshToken),
		IDToken:      token.NewSecret(c.IDToken),
		TokenType:    c.TokenType,
		Scope:        c.Scope,
		IssuedAt:     issuedAt,
		Oddities:     oddities,
	}
}

func newAnswer(received *oauth2.Token, issuedAt time.Time, oddities []string) Answer {
	scope, _ := received.Extra("scope").(string)
	idToken, _ := received.Extra("id_token").(string)
	// Not received.ExpiresIn: x/oauth2 leaves it empty for client credentials.
	seconds, _ := received.Extra("expires_in").(float64)
	return Answer{
		AccessToken:  token.NewSecret(received.AccessToken),
		RefreshToken: token.NewSecret(received.RefreshToken),
		IDToken:      token.NewSecret(idToken),
		TokenType:    received.TokenType,
		Scope:        scope,
		IssuedAt:     issuedAt,
		ExpiresIn:    time.Duration(seconds) * time.Second,
		Oddities:     oddities,
	}
}
