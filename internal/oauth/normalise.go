package oauth

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/url"
	"regexp"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// Oddities of an answer.
const (
	oddLifetimeMissing  = "expires_in missing"
	oddLifetimeUnread   = "expires_in unreadable"
	oddLifetimeNegative = "expires_in not positive"
	oddLifetimeCapped   = "expires_in capped"
	oddTypeMissing      = "token_type missing"
	oddTypeUnread       = "token_type unreadable"
	oddScope            = "scope unreadable"
	oddRefreshToken     = "refresh_token unreadable"
	oddRefreshNumber    = "refresh_token a number"
	oddRefreshUnusual   = "refresh_token with unusual characters"
	oddIDToken          = "id_token unreadable"
	oddError            = "error beside a token"
	oddInPart           = "read in part"
)

const bearer = "Bearer" // RFC 6750

const byteOrderMark = "\xef\xbb\xbf"

var (
	tokenPattern = regexp.MustCompile(`^[\x20-\x7e]+$`)         // RFC 6749 appendix A.12
	typePattern  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`) // RFC 6749 appendix A.13
	digitPattern = regexp.MustCompile(`^[0-9]+$`)
	scopePattern = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e ]*$`) // RFC 6749 section 3.3
)

// clean is an answer without its oddities, in the words of RFC 6749
// section 5.1.
type clean struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// readFields splits an answer into its fields: JSON whatever it is labelled as,
// or a form, which some older servers answer with, if it is labelled as one.
func readFields(contentType string, body []byte) (map[string]json.RawMessage, bool) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte(byteOrderMark)))
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) == nil {
		return fields, fields != nil
	}
	label, _, _ := mime.ParseMediaType(contentType)
	if label != "application/x-www-form-urlencoded" && label != "text/plain" {
		return nil, false
	}
	values, err := url.ParseQuery(string(body))
	if err != nil || !values.Has("access_token") && !values.Has("error") {
		return nil, false
	}
	fields = map[string]json.RawMessage{}
	for name := range values {
		quoted, err := json.Marshal(values.Get(name))
		if err != nil {
			return nil, false
		}
		fields[name] = quoted
	}
	return fields, true
}

// normalise reads the fields of an answer with a good status. Without a usable
// access token it says why in fixed words, and returns what else there is.
func normalise(fields map[string]json.RawMessage, fallback time.Duration) (answer clean, oddities []string, problem string) {
	odd := func(oddity string) { oddities = append(oddities, oddity) }
	if problem = tokenProblem(fields["access_token"]); problem == "" {
		answer.AccessToken, _ = text(fields["access_token"])
	}
	if present(fields["error"]) {
		odd(oddError)
	}
	answer.RefreshToken = refreshToken(fields["refresh_token"], odd)
	answer.IDToken = idToken(fields["id_token"], odd)
	answer.TokenType = tokenType(fields["token_type"], odd)
	answer.Scope = scope(fields["scope"], odd)
	answer.ExpiresIn = lifetime(fields["expires_in"], fallback, odd)
	return answer, oddities, problem
}

// tokenProblem says why there is no usable access token, or nothing.
func tokenProblem(raw json.RawMessage) string {
	value, isText := text(raw)
	switch {
	case !present(raw):
		return "the answer has no access_token"
	case !isText:
		return "the answer's access_token is not a string"
	case !token.NewSecret(value).Storable():
		return "the answer's access_token is a placeholder"
	case !tokenPattern.MatchString(value):
		return "the answer's access_token has a character that no token can have"
	}
	return ""
}

// refreshToken takes whatever can be sent back in a form, which is any text: the
// one before it may be spent.
func refreshToken(raw json.RawMessage, odd func(string)) string {
	if !present(raw) {
		return ""
	}
	value, isText := text(raw)
	switch {
	case digitPattern.Match(raw):
		odd(oddRefreshNumber)
		return string(raw)
	case !isText, !token.NewSecret(value).Storable():
		odd(oddRefreshToken)
		return ""
	case !tokenPattern.MatchString(value):
		odd(oddRefreshUnusual)
	}
	return value
}

// idToken drops what cannot be a token: those beside it are good all the same.
func idToken(raw json.RawMessage, odd func(string)) string {
	if !present(raw) {
		return ""
	}
	value, isText := text(raw)
	if !isText || !token.NewSecret(value).Storable() || !tokenPattern.MatchString(value) {
		odd(oddIDToken)
		return ""
	}
	return value
}

// tokenType is "Bearer", in this spelling, unless the server clearly says
// otherwise.
func tokenType(raw json.RawMessage, odd func(string)) string {
	value, _ := text(raw)
	switch {
	case strings.EqualFold(value, bearer):
		return bearer
	case typePattern.MatchString(value):
		return value
	case present(raw):
		odd(oddTypeUnread)
	default:
		odd(oddTypeMissing)
	}
	return bearer
}

// scope may be a list, which some servers send instead of a string.
func scope(raw json.RawMessage, odd func(string)) string {
	if !present(raw) {
		return ""
	}
	value, isText := text(raw)
	var list []string
	if !isText && json.Unmarshal(raw, &list) == nil {
		value, isText = strings.Join(list, " "), true
	}
	if !isText || !scopePattern.MatchString(value) {
		odd(oddScope)
		return ""
	}
	return value
}

// present reports whether a field is there and says something.
func present(raw json.RawMessage) bool {
	return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
}

func text(raw json.RawMessage) (string, bool) {
	var value string
	err := json.Unmarshal(raw, &value)
	return value, err == nil && len(raw) > 0 && raw[0] == '"'
}
