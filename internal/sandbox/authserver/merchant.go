package authserver

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"token-refresher/internal/token"
)

// merchant is the token endpoint of the merchant authorization server, for
// codes (RFC 6749 section 4.1.3) and refresh tokens (section 6).
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
	got, code, err := s.redeem(client, c.form)
	if err != nil {
		broken := htmlAnswer(http.StatusInternalServerError)
		return grant{}, &broken
	}
	if code != "" {
		return grant{}, oauthError(http.StatusBadRequest, code, "")
	}
	return grant{
		client: client.ID, merchant: got.record.Merchant, scope: cmp.Or(got.record.Scope, consentScope), lifetime: client.MerchantLifetime,
		issuer: MerchantIssuer, refreshToken: token.NewSecret(got.value), subject: got.record.Subject,
		nonce: got.nonce, omitIDToken: client.OmitIDToken && got.nonce == "",
	}, nil
}

// redeem uses the refresh token or the code of a request; the second result is
// the error code of a refusal.
func (s *Server) redeem(client Client, form url.Values) (got obtained, refusal string, err error) {
	var ok bool
	switch form.Get("grant_type") {
	case "refresh_token":
		if !form.Has("refresh_token") {
			return obtained{}, "invalid_request", nil
		}
		got, ok, err = s.consents.refresh(client, form.Get("refresh_token"), form.Get("code_verifier"))
	case "authorization_code":
		if !form.Has("code") {
			return obtained{}, "invalid_request", nil
		}
		p := presentation{code: form.Get("code"), redirectURI: form.Get("redirect_uri"), verifier: form.Get("code_verifier")}
		got, ok, err = s.consents.exchange(client, p)
	case "client_credentials":
		return obtained{}, "unauthorized_client", nil
	default:
		return obtained{}, "unsupported_grant_type", nil
	}
	if !ok {
		refusal = "invalid_grant"
	}
	return got, refusal, err
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
	fields = append(fields, field{"token_type", quote("Bearer")})
	if !g.refreshToken.Empty() {
		fields = append(fields, field{"refresh_token", quote(g.refreshToken.Reveal())})
	}
	return jsonAnswer(http.StatusOK, append(fields, field{"scope", quote(g.scope)})...)
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
