package authserver

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What an authorize request must say (OpenID Connect Core section 3.3.2.1).
const (
	responseType    = "code id_token"
	responseMode    = "form_post"
	challengeMethod = "S256"
)

// codeChallenge is a SHA-256 in base64url (RFC 7636 section 4.2).
var codeChallenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorization is an authorize request whose client and redirect_uri are
// known, so that an answer may be sent there.
type authorization struct {
	client                                      Client
	redirectURI, scope, state, nonce, challenge string
	merchant                                    string
}

// trusted reads the request. It is false if the client is unknown, the
// redirect_uri is not registered character for character, or either is given
// more than once: nobody may be sent there then (RFC 6749 section 4.1.2.1).
func (s *Server) trusted(query url.Values) (authorization, bool) {
	redirectURI := query.Get("redirect_uri")
	client, known := s.clients.find(query.Get("client_id"))
	if !known || len(query["client_id"]) > 1 || len(query["redirect_uri"]) > 1 || !slices.Contains(client.RedirectURIs, redirectURI) {
		return authorization{}, false
	}
	return authorization{
		client: client, redirectURI: redirectURI, scope: query.Get("scope"), state: query.Get("state"),
		nonce: query.Get("nonce"), challenge: query.Get("code_challenge"), merchant: query.Get("merchant_vat"),
	}, true
}

// goodRedirectURI reports whether the address can be registered (RFC 6749
// section 3.1.2).
func goodRedirectURI(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.Fragment == ""
}

// problem returns the error code for what is wrong with a request, empty if
// nothing is. Whether its nonce was seen before is another question.
func problem(query url.Values) string {
	for _, values := range query {
		if len(values) > 1 {
			return "invalid_request"
		}
	}
	if query.Get("response_type") != responseType {
		return "unsupported_response_type"
	}
	if !goodScope(query.Get("scope")) {
		return "invalid_scope"
	}
	good := query.Get("response_mode") == responseMode &&
		query.Get("state") != "" && query.Get("nonce") != "" &&
		query.Get("code_challenge_method") == challengeMethod && codeChallenge.MatchString(query.Get("code_challenge")) &&
		merchantVAT.MatchString(query.Get("merchant_vat"))
	if !good {
		return "invalid_request"
	}
	return ""
}

func goodScope(scope string) bool {
	unknown := slices.ContainsFunc(strings.Fields(scope), func(s string) bool { return !slices.ContainsFunc(scopes(), named(s)) })
	return !unknown && hasWord(scope, "openid") && hasWord(scope, "offline_access")
}

// scopeText is a scope and what the merchant is told about it.
type scopeText struct{ Name, Says string }

// scopes are those that merchants can be asked for.
func scopes() []scopeText {
	return []scopeText{
		{"openid", "Know which user you are"},
		{"offline_access", "Keep the access while you are away"},
		{"subscriptions", "Manage your subscriptions"},
		{"invoice", "Manage your invoices"},
		{"transactionreporting", "Read your transactions"},
		{"merchantpayments", "Manage your payments"},
		{"webhooks", "Be notified of what happens"},
	}
}

func named(name string) func(scopeText) bool {
	return func(s scopeText) bool { return s.Name == name }
}

// hasWord reports whether a list in the form of a scope has the word.
func hasWord(list, word string) bool { return slices.Contains(strings.Fields(list), word) }
