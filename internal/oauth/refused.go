package oauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// maxRetryAfter is the longest wait that a server can ask for.
const maxRetryAfter = 15 * time.Minute

// correlationPattern is what an id for the server's support may look like. It
// has no room for a JWT, and none for anything that a terminal would act on.
var correlationPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// refused classifies a complete answer that brings no token. The code beats the
// status: identity servers send 400 for everything, gateways 401 for
// themselves.
func (e *exchange) refused(r response, fields map[string]json.RawMessage, problem string) *Error {
	code := knownCode(fields["error"])
	class, decided := classOfCode(code)
	if !decided {
		class = classOfStatus(r.status)
	}
	if r.status >= 300 && r.status < 400 {
		problem = "the provider redirects, which is not followed"
	}
	if decided {
		problem = "" // the code says it better
	}
	return &Error{
		Class:         class,
		Status:        r.status,
		Code:          code,
		CorrelationID: e.correlationID(r.header, fields),
		RetryAfter:    retryAfter(r),
		problem:       problem,
	}
}

// knownCode returns an error code that some standard defines, and nothing else:
// what a server makes up could be a token or an echo of our secret.
func knownCode(raw json.RawMessage) string {
	value, _ := text(raw)
	switch code := strings.ToLower(value); code {
	case "invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type",
		"invalid_request", "access_denied", "server_error", "temporarily_unavailable", // RFC 6749
		"invalid_target",         // RFC 8707
		"unsupported_token_type", // RFC 7009
		"unauthorized":           // MobilePay's gateway
		return code
	}
	return ""
}

// classOfCode reports the class of those codes that have one whatever the
// status is. invalid_request has none: a server sends it for one merchant that
// it does not know just as for a request it cannot read, so it must stop no
// client.
func classOfCode(code string) (Class, bool) {
	switch code {
	case "invalid_grant":
		return ClassGrant, true
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type":
		return ClassClient, true
	case "server_error", "temporarily_unavailable":
		return ClassTransient, true
	}
	return ClassUnknown, false
}

func classOfStatus(status int) Class {
	switch {
	case status == http.StatusUnauthorized:
		return ClassClient // the gateway in front does not know the client
	case status == http.StatusTooManyRequests:
		return ClassThrottled
	case status >= http.StatusInternalServerError:
		return ClassTransient
	}
	return ClassUnknown
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3) of an answer that may
// carry one.
func retryAfter(r response) time.Duration {
	if r.status != http.StatusTooManyRequests && r.status != http.StatusServiceUnavailable {
		return 0
	}
	value := strings.TrimSpace(r.header.Get("Retry-After"))
	var wait time.Duration
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		wait = time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = time.Until(date).Round(time.Second)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// correlationID finds the id of this request: MobilePay's gateway has it in an
// error_description that is an object, others in a field or a header.
func (e *exchange) correlationID(header http.Header, fields map[string]json.RawMessage) string {
	var description struct {
		CorrelationID string `json:"correlation_id"`
	}
	_ = json.Unmarshal(fields["error_description"], &description) // usually a string
	field, _ := text(fields["correlation_id"])
	for _, id := range []string{description.CorrelationID, field, header.Get("X-Correlation-Id"), header.Get("X-Request-Id")} {
		if correlationPattern.MatchString(id) && !e.tells(id, fields) {
			return id
		}
	}
	return ""
}

// tells reports whether an id gives away part of a secret that was sent, or of
// a token that came with it.
func (e *exchange) tells(id string, fields map[string]json.RawMessage) bool {
	secrets := slices.Clone(e.secrets)
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		value, _ := text(fields[name])
		secrets = append(secrets, token.NewSecret(value))
	}
	for _, secret := range secrets {
		known, shown := strings.ToLower(secret.Reveal()), strings.ToLower(id)
		if known != "" && (strings.Contains(known, shown) || strings.Contains(shown, known)) {
			return true
		}
	}
	return false
}

// secretsOf lists what of the request must not come back in an error, the
// client's secret also in the forms in which it is sent (RFC 6749
// section 2.3.1). Headers may hold literals of an inline provider object.
func secretsOf(credentials token.Credentials, headers map[string]token.Secret) []token.Secret {
	encoded := url.QueryEscape(credentials.ClientSecret.Reveal())
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(credentials.ClientID) + ":" + encoded))
	secrets := []token.Secret{credentials.ClientSecret, token.NewSecret(encoded), token.NewSecret(basic)}
	secrets = slices.AppendSeq(secrets, maps.Values(credentials.Fields))
	return slices.AppendSeq(secrets, maps.Values(headers))
}
