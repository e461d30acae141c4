package idtoken

import (
	"context"
	"errors"

	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// Config configures a Verifier.
type Config struct {
	Discoverer *provider.Discoverer // required: how keys are got
}

// Verifier verifies ID tokens. It is safe for concurrent use, and one of it
// serves all clients and providers: those with the same keys share them, but no
// failure.
type Verifier struct{ keys keyring }

// New makes a Verifier with no keys in it.
func New(config Config) (*Verifier, error) {
	if config.Discoverer == nil {
		return nil, errors.New("making a verifier of ID tokens: no discoverer is given")
	}
	return &Verifier{keys: keyring{source: config.Discoverer, places: map[string]*place{}}}, nil
}

// Subject is whom an ID token tells of: the merchant, as the provider knows it.
type Subject struct{ Issuer, Subject string }

// Front is what came through the browser, with what was sent that way.
type Front struct {
	IDToken token.Secret
	Code    token.Secret // that came beside it
	Nonce   string       // of the attempt; an empty one equals nothing
}

// Back is what the token endpoint answered to the code.
type Back struct {
	IDToken     token.Secret
	AccessToken token.Secret // empty if none came that can be used: then at_hash has nothing to fit
	Nonce       string
	Front       Subject // of the token that came with the code
}

// Ready gets the provider's keys, unless those at hand are less than an hour old.
// It is called before they are needed: when a merchant is sent to the provider. It
// takes 5 seconds at most, after whoever is asking already. Every error is
// ErrKeysUnavailable, with a *provider.DiscoveryError in it if the network or the
// provider is to blame.
func (v *Verifier) Ready(ctx context.Context, p provider.Provider, c token.Credentials) error {
	_, err := v.keys.fresh(ctx, p, c)
	return err
}

// Front verifies the ID token that came through the browser. It uses the network
// for keys only: as Ready does, and once more if the token names a key that is not
// among them. Errors are *Error, or as those of Ready.
func (v *Verifier) Front(ctx context.Context, p provider.Provider, c token.Credentials, f Front) (Subject, error) {
	jwt, err := parse(f.IDToken)
	if err != nil {
		return Subject{}, err
	}
	keys, err := v.keys.fresh(ctx, p, c)
	if err == nil && len(keys.named(jwt.keyID)) == 0 {
		keys, err = v.keys.search(ctx, p, c)
	}
	if err != nil {
		return Subject{}, err
	}
	claims, err := jwt.verify(keys, expected{issuer: p.Issuer, audience: c.ClientID, nonce: f.Nonce})
	if err != nil {
		return Subject{}, err
	}
	return claims.judged(claims.frontFlaw(f.Code))
}

// Back verifies the ID token that came with the tokens. It has no context because
// it waits for nothing: the keys are those that Front verified with, or newer
// ones, so that a key which the provider began to use in between is unknown.
// Errors are *Error, or ErrKeysUnavailable if this instance never had any keys.
func (v *Verifier) Back(p provider.Provider, c token.Credentials, b Back) (Subject, error) {
	jwt, err := parse(b.IDToken)
	if err != nil {
		return Subject{}, err
	}
	keys, err := v.keys.atHand(p)
	if err != nil {
		return Subject{}, err
	}
	claims, err := jwt.verify(keys, expected{issuer: p.Issuer, audience: c.ClientID, nonce: b.Nonce})
	if err != nil {
		return Subject{}, err
	}
	return claims.judged(claims.backFlaw(b.Front, b.AccessToken))
}
