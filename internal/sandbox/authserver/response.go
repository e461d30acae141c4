package authserver

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"

	"token-refresher/internal/token"
)

// FormPost is an answer to an authorize request, as the merchant's browser
// posts it (OAuth 2.0 Form Post Response Mode).
type FormPost struct {
	RedirectURI string
	// Values are code, id_token, scope, state and session_state, with
	// Config.ResponseIssuer also iss; of a refusal error and state.
	Values url.Values
}

// errUntrusted is a request that is answered nowhere but here.
var errUntrusted = errors.New("the client is unknown, or its redirect_uri not registered")

// Approve follows the address of an authorize request as a merchant does that
// logs in and says yes, without a browser, and returns what the browser would
// post; that may be an error. It fails when there would be nothing to post, and
// when the answer cannot be stored.
func (s *Server) Approve(authorizeURL string) (FormPost, error) { return s.follow(authorizeURL, true) }

// Decline is Approve for a merchant that says no.
func (s *Server) Decline(authorizeURL string) (FormPost, error) { return s.follow(authorizeURL, false) }

func (s *Server) follow(authorizeURL string, yes bool) (FormPost, error) {
	address, err := url.Parse(authorizeURL)
	if err != nil || address.Path != AuthorizePath {
		return FormPost{}, errors.New("authserver: not the address of an authorize request")
	}
	query, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return FormPost{}, errors.New("authserver: the authorize request cannot be read")
	}
	a, refusal, err := s.ask(query)
	if err != nil {
		return FormPost{}, fmt.Errorf("authserver: %w", err)
	}
	if refusal != nil {
		return *refusal, nil
	}
	post, err := s.decide(a, yes)
	if err != nil {
		return FormPost{}, fmt.Errorf("authserver: %w", err)
	}
	return post, nil
}

// ask takes an authorize request in: it is one to ask a merchant about, or is
// refused with something to post. Its nonce is seen from then on. The error is
// errUntrusted, or says what could not be stored.
func (s *Server) ask(query url.Values) (authorization, *FormPost, error) {
	a, ok := s.trusted(query)
	if !ok {
		return authorization{}, nil, errUntrusted
	}
	fresh, err := s.consents.see(a.nonce)
	if err != nil {
		return authorization{}, nil, err
	}
	code := problem(query)
	if code == "" && !fresh {
		code = "invalid_request"
	}
	if code != "" {
		refusal := s.refusal(a, code)
		return authorization{}, &refusal, nil
	}
	return a, nil, nil
}

// decide is the answer after the merchant's.
func (s *Server) decide(a authorization, yes bool) (FormPost, error) {
	if !yes {
		return s.refusal(a, "access_denied"), nil
	}
	code, subject, err := s.consents.issueCode(a)
	if err != nil {
		return FormPost{}, err
	}
	session, err := s.signer.id()
	if err != nil {
		return FormPost{}, err
	}
	t := newIDToken(MerchantIssuer, a.client.ID, subject, s.config.Now())
	t.claims.Nonce, t.claims.CodeHash = a.nonce, halfHash(code)
	if _, how := s.faults.take(a.client.ID, frontChannel); how.spoil != nil {
		how.spoil(&t)
	}
	signed, err := s.keys.sign(t)
	if err != nil {
		return FormPost{}, err
	}
	values := url.Values{"code": {code.Reveal()}, "scope": {a.scope}, "state": {a.state}, "session_state": {session}}
	if !signed.Empty() {
		values.Set("id_token", signed.Reveal())
	}
	return s.formPost(a, values), nil
}

func (s *Server) refusal(a authorization, code string) FormPost {
	values := url.Values{"error": {code}}
	if a.state != "" {
		values.Set("state", a.state)
	}
	return s.formPost(a, values)
}

func (s *Server) formPost(a authorization, values url.Values) FormPost {
	if s.config.ResponseIssuer {
		values.Set("iss", MerchantIssuer) // RFC 9207 section 2
	}
	return FormPost{RedirectURI: a.redirectURI, Values: values}
}

// halfHash is c_hash or at_hash (OpenID Connect Core section 3.3.2.11).
func halfHash(value token.Secret) string {
	sum := sha256.Sum256([]byte(value.Reveal()))
	return encode(sum[:sha256.Size/2])
}
