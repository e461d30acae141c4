package authserver

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"token-refresher/internal/token"
)

const (
	subscriptionHeader = "Ocp-Apim-Subscription-Key"
	vippsResource      = "00000002-0000-0000-c000-000000000000"
)

// vipps is the endpoint most Vipps MobilePay APIs use: empty body, credentials
// in headers, numbers as strings.
// https://developer.vippsmobilepay.com/docs/APIs/access-token-api/
func (s *Server) vipps() endpoint {
	return endpoint{
		credentials: func(r *http.Request, _ url.Values) (string, token.Secret) {
			return r.Header.Get("client_id"), token.NewSecret(r.Header.Get("client_secret"))
		},
		serve: s.issuing(s.authorizeVipps, renderVipps),
	}
}

func renderVipps(g grant, value token.Secret, at time.Time) answer {
	fields := []field{{"token_type", quote("Bearer")}}
	fields = append(fields, expiresIn(g, quote(g.seconds()))...)
	return jsonAnswer(http.StatusOK, append(fields,
		field{"ext_expires_in", quote("0")},
		field{"expires_on", quote(strconv.FormatInt(at.Add(g.lifetime).Unix(), 10))},
		field{"not_before", quote(strconv.FormatInt(at.Unix(), 10))},
		field{"resource", quote(vippsResource)},
		field{"access_token", quote(value.Reveal())})...)
}

func (s *Server) authorizeVipps(c call) (grant, *answer) {
	if c.request.Method != http.MethodPost {
		return grant{}, apim(http.StatusNotFound, "Resource not found")
	}
	key := token.NewSecret(c.request.Header.Get(subscriptionHeader))
	if key.Empty() {
		return grant{}, apim(http.StatusUnauthorized, "Access denied due to missing subscription key. "+
			"Make sure to include subscription key when making requests to an API.")
	}
	if !s.clients.subscribed(key) {
		return grant{}, apim(http.StatusUnauthorized, "Access denied due to invalid subscription key. "+
			"Make sure to provide a valid key for an active subscription.")
	}
	if _, known := s.clients.find(c.id); !known {
		return grant{}, s.directory(http.StatusBadRequest, "unauthorized_client", 700016,
			"Application with identifier was not found in the directory.")
	}
	client, ok := s.clients.authenticate(c.id, c.secret)
	if !ok {
		return grant{}, s.directory(http.StatusUnauthorized, "invalid_client", 7000215,
			"Invalid client secret provided.")
	}
	return grant{
		client:   client.ID,
		merchant: c.request.Header.Get("Merchant-Serial-Number"),
		lifetime: s.config.VippsLifetime,
	}, nil
}

// apim is an error of the API management in front of the endpoint.
func apim(status int, message string) *answer {
	a := jsonAnswer(status, field{"statusCode", strconv.Itoa(status)}, field{"message", quote(message)})
	return &a
}

// directory is an error of the directory behind the endpoint, as it is passed
// through.
func (s *Server) directory(status int, code string, number int, message string) *answer {
	correlation, err := s.signer.id()
	if err != nil {
		a := htmlAnswer(http.StatusInternalServerError)
		return &a
	}
	a := jsonAnswer(status,
		field{"error", quote(code)},
		field{"error_description", quote("AADSTS" + strconv.Itoa(number) + ": " + message)},
		field{"error_codes", "[" + strconv.Itoa(number) + "]"},
		field{"timestamp", quote(s.config.Now().UTC().Format("2006-01-02 15:04:05Z"))},
		field{"correlation_id", quote(correlation)})
	return &a
}

// partner is the endpoint for accounting and other specialized keys: plain
// client credentials over Basic.
func (s *Server) partner() endpoint {
	return endpoint{
		credentials: formCredentials,
		serve:       s.issuing(s.authorizePartner, renderPartner),
	}
}

func renderPartner(g grant, value token.Secret, _ time.Time) answer {
	fields := []field{{"access_token", quote(value.Reveal())}, {"token_type", quote("Bearer")}}
	return jsonAnswer(http.StatusOK, append(fields, expiresIn(g, g.seconds())...)...)
}

// authorizePartner answers invalid_client for a missing grant type and for a
// subscription key too, as the real endpoint is documented to.
func (s *Server) authorizePartner(c call) (grant, *answer) {
	_, _, isBasic := basic(c.request.Header.Get("Authorization"))
	client, ok := s.clients.authenticate(c.id, c.secret)
	if !ok || !isBasic || c.form.Get("grant_type") == "" || c.request.Header.Get(subscriptionHeader) != "" {
		return grant{}, oauthError(http.StatusUnauthorized, "invalid_client", "")
	}
	if code := refuseGrantType(c.form.Get("grant_type")); code != "" {
		return grant{}, oauthError(http.StatusBadRequest, code, "")
	}
	return grant{client: client.ID, scope: c.form.Get("scope"), lifetime: s.config.PartnerLifetime}, nil
}
