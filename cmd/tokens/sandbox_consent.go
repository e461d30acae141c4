package main

import (
	"context"
	"net/http"
	"time"

	"token-refresher/internal/app"
	"token-refresher/internal/consent"
	"token-refresher/internal/sandbox/apigateway"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// callbackPath is where the provider sends merchants back to, below PUBLIC_URL.
const callbackPath = "/consent/callback"

// invitationFor is how long the link works that the sandbox prints.
const invitationFor = 7 * 24 * time.Hour

// pages is the address that browsers use: merchants' pages behind an API like
// the stack's, and the status page.
func (s *sandbox) pages() (http.Handler, error) {
	status, err := s.statusPage()
	if err != nil {
		return nil, err
	}
	api, err := apigateway.New(apigateway.Config{
		Lambda: s.lambda, Function: consentFunction,
		Routes: []string{"GET /consent", "POST " + callbackPath, "GET " + callbackPath, "GET /consent/done"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/consent", api)
	mux.Handle("/consent/", api)
	mux.Handle("/", status)
	return mux, nil
}

// newInvitation makes the link that is printed at the start. Nothing listens by
// then, so that the key is read without the network.
func (s *sandbox) newInvitation(ctx context.Context) (link string, err error) {
	ctx, cancel := context.WithTimeout(ctx, seedTimeout)
	defer cancel()
	config := operatorConfig("http://secretsmanager", authserver.Transport(s.secrets))
	store, err := secretstore.New(secretstore.Config{Client: secretstore.NewClient(config), Prefix: secretPrefix})
	if err != nil {
		return "", err
	}
	sealer, err := app.NewInviteSealer(store)
	if err != nil {
		return "", err
	}
	inviter, err := consent.NewInviter(consent.InviterConfig{PublicURL: s.pageURL(), Seal: sealer})
	if err != nil {
		return "", err
	}
	now := time.Now()
	return inviter.NewInvite(ctx, consent.Invite{
		ID: token.ID{Client: shortClient, Merchant: newMerchant}, IssuedAt: now, ExpiresAt: now.Add(invitationFor),
	})
}
