package authserver

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/token"
)

const integratorScope = "integrator_scope"

var merchantVAT = regexp.MustCompile(`^(DK|FI)[0-9]{8}$`)

// integrator is the token endpoint of the integrator authorization server: an
// IdentityServer behind an API gateway.
func (s *Server) integrator() endpoint {
	return endpoint{
		credentials: formCredentials,
		serve:       s.issuing(s.authorizeIntegrator, renderIntegrator),
	}
}

func renderIntegrator(g grant, value token.Secret, _ time.Time) answer {
	fields := []field{{"access_token", quote(value.Reveal())}}
	fields = append(fields, expiresIn(g, g.seconds())...)
	return jsonAnswer(http.StatusOK, append(fields,
		field{"token_type", quote("Bearer")},
		field{"scope", quote(g.scope)})...)
}

// authorizeIntegrator checks in the order of the real server: gateway, HTTP,
// client, grant type, scope, and what is special to MobilePay.
func (s *Server) authorizeIntegrator(c call) (grant, *answer) {
	if refusal := s.gateway(c.request); refusal != nil {
		return grant{}, refusal
	}
	if c.form == nil {
		return grant{}, oauthError(http.StatusBadRequest, "invalid_request", "")
	}
	client, ok := s.clients.authenticate(c.id, c.secret)
	if !ok {
		return grant{}, oauthError(http.StatusBadRequest, "invalid_client", "")
	}
	if code := refuseGrantType(c.form.Get("grant_type")); code != "" {
		return grant{}, oauthError(http.StatusBadRequest, code, "")
	}
	scopes := strings.Fields(c.form.Get("scope"))
	if slices.ContainsFunc(scopes, func(scope string) bool { return scope != integratorScope }) {
		return grant{}, oauthError(http.StatusBadRequest, "invalid_scope", "")
	}
	merchant := c.form.Get("merchant_vat")
	if c.form.Has("merchant_vat") && !merchantVAT.MatchString(merchant) {
		return grant{}, oauthError(http.StatusBadRequest, "invalid_request", "merchant_vat is not valid")
	}
	return grant{client: client.ID, merchant: merchant, scope: integratorScope, lifetime: s.config.Lifetime}, nil
}

// refuseGrantType returns the error code for anything but client credentials:
// the server knows more grants than an integrator may use.
func refuseGrantType(grantType string) string {
	switch grantType {
	case "client_credentials":
		return ""
	case "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code":
		return "unauthorized_client"
	default:
		return "unsupported_grant_type"
	}
}

// gateway refuses a request whose x-ibm-client-id it does not know.
func (s *Server) gateway(r *http.Request) *answer {
	if s.clients.admits(r.Header.Get("X-Ibm-Client-Id")) {
		return nil
	}
	a := s.unauthorized()
	return &a
}

// unauthorized is the gateway's 401, whose error_description is an object.
func (s *Server) unauthorized() answer {
	correlation, err := s.signer.id()
	if err != nil {
		return htmlAnswer(http.StatusInternalServerError)
	}
	description := object(
		field{"message", quote("Invalid client id or secret.")},
		field{"error_type", quote("ClientError")},
		field{"correlation_id", quote(correlation)})
	return jsonAnswer(http.StatusUnauthorized,
		field{"error", quote("Unauthorized")},
		field{"error_description", string(description)})
}

// formCredentials reads the client's id and secret as IdentityServer does:
// from a Basic header, and from the form if there is none or it makes no sense.
func formCredentials(r *http.Request, form url.Values) (string, token.Secret) {
	if id, secret, ok := basic(r.Header.Get("Authorization")); ok {
		return id, secret
	}
	return form.Get("client_id"), token.NewSecret(form.Get("client_secret"))
}

// basic reads a Basic header whose two halves are form-encoded (RFC 6749
// section 2.3.1), so that a raw "+" in a secret becomes a space.
func basic(header string) (string, token.Secret, bool) {
	scheme, encoded, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Basic") {
		return "", token.Secret{}, false
	}
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", token.Secret{}, false
	}
	id, secret, found := strings.Cut(string(pair), ":")
	if !found {
		return "", token.Secret{}, false
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil {
		return "", token.Secret{}, false
	}
	return id, token.NewSecret(secret), true
}

// expiresIn returns the expires_in field of an answer: usual, or what a fault
// puts in its place, which may be nothing.
func expiresIn(g grant, usual string) []field {
	if g.expiresIn == nil {
		return []field{{"expires_in", usual}}
	}
	if *g.expiresIn == "" {
		return nil
	}
	return []field{{"expires_in", *g.expiresIn}}
}
