package authserver

import (
	"net/http"
	"time"

	"token-refresher/internal/token"
)

// merchant is the token endpoint of the merchant authorization server, for
// refresh tokens (RFC 6749 section 6). A code is always an unknown one.
func (s *Server) merchant() endpoint {
	return endpoint{
		credentials: formCredentials,
		serve:       s.issuing(s.authorizeMerchant, renderMerchant),
	}
}

func (s *Server) authorizeMerchant(c call) (grant, *answer) {
	client, refusal := s.merchantClient(c)
	if refusal != nil {
		return grant{}, refusal
	}
	switch c.form.Get("grant_type") {
	case "refresh_token":
	case "authorization_code":
		return grant{}, oauthError(http.StatusBadRequest, "invalid_grant", "")
	case "client_credentials":
		return grant{}, oauthError(http.StatusBadRequest, "unauthorized_client", "")
	default:
		return grant{}, oauthError(http.StatusBadRequest, "unsupported_grant_type", "")
	}
	if !c.form.Has("refresh_token") {
		return grant{}, oauthError(http.StatusBadRequest, "invalid_request", "")
	}
	got, ok, err := s.consents.refresh(client, c.form.Get("refresh_token"), c.form.Get("code_verifier"))
	if err != nil {
		broken := htmlAnswer(http.StatusInternalServerError)
		return grant{}, &broken
	}
	if !ok {
		return grant{}, oauthError(http.StatusBadRequest, "invalid_grant", "")
	}
	return grant{
		client: client.ID, merchant: got.record.Merchant, scope: consentScope, lifetime: client.MerchantLifetime,
		issuer: MerchantIssuer, refreshToken: token.NewSecret(got.value),
		subject: got.record.Subject, omitIDToken: client.OmitIDToken,
	}, nil
}

// merchantClient authenticates the client of a form-encoded request.
func (s *Server) merchantClient(c call) (Client, *answer) {
	if c.form == nil {
		return Client{}, oauthError(http.StatusBadRequest, "invalid_request", "")
	}
	client, ok := s.clients.authenticate(c.id, c.secret)
	if !ok {
		return Client{}, oauthError(http.StatusBadRequest, "invalid_client", "")
	}
	return client, nil
}

func renderMerchant(g grant, value token.Secret, _ time.Time) answer {
	var fields []field
	if !g.idToken.Empty() {
		fields = append(fields, field{"id_token", quote(g.idToken.Reveal())})
	}
	fields = append(fields, field{"access_token", quote(value.Reveal())})
	fields = append(fields, expiresIn(g, g.seconds())...)
	return jsonAnswer(http.StatusOK, append(fields,
		field{"token_type", quote("Bearer")},
		field{"refresh_token", quote(g.refreshToken.Reveal())},
		field{"scope", quote(g.scope)})...)
}

// revocation is the revocation endpoint (RFC 7009). Only a refresh token can be
// revoked; of every other token, of a spent one and of another client's it says
// success and does nothing.
func (s *Server) revocation() endpoint {
	return endpoint{credentials: formCredentials, serve: s.serveRevocation}
}

func (s *Server) serveRevocation(c call, _ func(*grant)) (answer, bool) {
	client, refusal := s.merchantClient(c)
	if refusal != nil {
		return *refusal, false
	}
	if !c.form.Has("token") {
		return *oauthError(http.StatusBadRequest, "invalid_request", ""), false
	}
	if err := s.consents.renounce(client.ID, c.form.Get("token")); err != nil {
		return htmlAnswer(http.StatusInternalServerError), false
	}
	s.consents.revoked()
	return answer{status: http.StatusOK, header: http.Header{}}, true
}
