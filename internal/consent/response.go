package consent

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/token"
)

// maxBody bounds an authorization response (bytes). MobilePay's have about 2 KB.
const maxBody = 64 << 10

// response is an authorization response as the browser posts it (OAuth 2.0 Form
// Post Response Mode section 2). Nothing of it is known to be true. What was not
// sent is empty; RFC 6749 section 3.1 has no difference between the two.
type response struct {
	state   string
	issuer  string // iss, RFC 9207
	failure string // error, RFC 6749 section 4.1.2.1
	code    token.Secret
	idToken token.Secret
}

// readResponse reads the body of a callback, or refuses it.
func readResponse(r *http.Request) (response, *answer) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return response{}, show(http.StatusUnsupportedMediaType, page.Wrong, "content_type")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return response{}, wrong("body")
	case len(body) > maxBody:
		return response{}, show(http.StatusRequestEntityTooLarge, page.Wrong, "body_too_large")
	}
	parsed, fault := parseResponse(string(body))
	if fault != "" {
		return response{}, wrong(fault)
	}
	return parsed, nil
}

// parseResponse reads a form, or says in a word what is wrong with it. Parameters
// that are not known are ignored; one that is given twice makes it no response
// at all (RFC 6749 section 3.1), whichever it is.
func parseResponse(body string) (parsed response, fault string) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return response{}, "body"
	}
	for _, values := range form {
		if len(values) > 1 {
			return response{}, "parameter_twice"
		}
	}
	return response{
		state:   form.Get("state"),
		issuer:  form.Get("iss"),
		failure: form.Get("error"),
		code:    token.NewSecret(form.Get("code")),
		idToken: token.NewSecret(form.Get("id_token")),
	}, ""
}

// declined is the code word for a merchant who said no.
const declined = "access_denied"

// failureWord is the provider's code word for the log, if it is a registered one
// (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6): anybody can
// post any other.
func (r response) failureWord() string {
	registered := []string{
		declined, "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope",
		"server_error", "temporarily_unavailable",
		"interaction_required", "login_required", "account_selection_required", "consent_required",
		"invalid_request_uri", "invalid_request_object", "request_not_supported", "request_uri_not_supported",
		"registration_not_supported",
	}
	if slices.Contains(registered, r.failure) {
		return r.failure
	}
	return "unregistered_error"
}

// fingerprint recognises the response when it is repeated: by what makes it one
// attempt to exchange one code.
func (r response) fingerprint() token.Fingerprint {
	return token.FingerprintOf(token.NewSecret(r.state + "\x00" + r.code.Reveal()))
}
