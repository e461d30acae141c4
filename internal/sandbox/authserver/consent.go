package authserver

import (
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/token"
)

// MerchantIssuer is the issuer of the merchant authorization server, in every
// environment and country.
const MerchantIssuer = "https://api.mobilepay.dk/merchant"

// consentScope is what merchants consent to without a browser.
const consentScope = "openid offline_access"

// Lifetimes of what a consent gives when the client names none, as the real
// server has them.
const (
	DefaultMerchantLifetime = 300 * time.Second    // of an access token
	DefaultConsentLifetime  = 396 * 24 * time.Hour // 13 months: of a refresh token that nobody uses
)

// RefreshUse is what becomes of a client's refresh tokens when they are used.
type RefreshUse string

const (
	// OneTime gives a new one for each, and accepts the old one never again.
	OneTime RefreshUse = "one_time"
	// ReUse gives the same one back.
	ReUse RefreshUse = "re_use"
)

// End says what ended a consent.
type End string

// The ends of consents.
const (
	EndedByMerchant End = "merchant" // in the portal: see RevokeConsent
	EndedByClient   End = "client"   // through the revocation endpoint
	EndedByReuse    End = "reuse"    // a spent refresh token was presented, and the client detects that
	EndedByConsent  End = "consent"  // the merchant gave a newer one
	EndedByReplay   End = "replay"   // its code was presented again
)

// Consent is what the exchange of a merchant's code gives, and what a client
// must keep of it.
type Consent struct {
	// Client is the OAuth client id.
	Client, Merchant       string
	RefreshToken           token.Secret
	CodeVerifier           token.Secret
	Scope, Subject, Issuer string
	At                     time.Time
}

// Grant lets a merchant consent to a client, without a browser. Like any newer
// consent it ends the older one of a OneTime client. It fails on an unknown
// client, on a merchant that is no VAT number, and when it cannot be stored.
func (s *Server) Grant(clientID, merchant string) (Consent, error) {
	client, known := s.clients.find(clientID)
	if !known {
		return Consent{}, fmt.Errorf("authserver: grant: unknown client %q", clientID)
	}
	if !merchantVAT.MatchString(merchant) {
		return Consent{}, fmt.Errorf("authserver: grant: %q is no VAT number", merchant)
	}
	consent, err := s.consents.grant(client, merchant)
	if err != nil {
		return Consent{}, fmt.Errorf("authserver: grant: %w", err)
	}
	return consent, nil
}

// RevokeConsent ends every consent of the merchant to the client, as the
// merchant does in the portal: refresh tokens are refused from now on. It fails
// when there is none to end.
func (s *Server) RevokeConsent(clientID, merchant string) error {
	if err := s.consents.revoke(pair{clientID, merchant}); err != nil {
		return fmt.Errorf("authserver: revoke the consent of %s: %w", merchant, err)
	}
	return nil
}

// Close lets go of the state file. Without Config.Path there is none.
func (s *Server) Close() error { return s.consents.disk.close() }

// withDefaults returns the client with what it did not set, or what is wrong
// with what it did.
func (c Client) withDefaults() (Client, error) {
	switch c.RefreshTokens {
	case "":
		c.RefreshTokens = OneTime
	case OneTime, ReUse:
	default:
		return c, fmt.Errorf("client %q: unknown use of refresh tokens %q", c.ID, string(c.RefreshTokens))
	}
	for _, address := range c.RedirectURIs {
		if !goodRedirectURI(address) {
			return c, fmt.Errorf("client %q: %q is no redirect URI", c.ID, address)
		}
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.MerchantLifetime == 0 {
		c.MerchantLifetime = DefaultMerchantLifetime
	}
	if c.ConsentLifetime == 0 {
		c.ConsentLifetime = DefaultConsentLifetime
	}
	if min(c.MerchantLifetime, c.ConsentLifetime) < time.Second {
		return c, fmt.Errorf("client %q: a lifetime is below one second", c.ID)
	}
	return c, nil
}

var errNoConsent = errors.New("there is none")
