package oauth_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
)

// FuzzNormalise holds every answer that is passed on to what x/oauth2 and the
// stores rely on: it is JSON, its lifetime is positive and bounded, its token
// can stand in a header, and the token is the server's, not of our making.
func FuzzNormalise(f *testing.F) {
	f.Add("application/json", goodAnswer)
	f.Add("text/plain", answer(`"3.7e3"`))
	f.Add("text/plain", "\xef\xbb\xbf"+answer(`-1`))
	f.Add(form, "access_token=a%20b&expires_in=1e999&scope=a+b")
	f.Add("", `{"access_token":"\u0041\n","scope":["a",7],"token_type":{},"refresh_token":"[redacted]"}`)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		clean, problem := oauth.Normalise(contentType, []byte(body), 300*time.Second)
		if problem != "" {
			if clean.AccessToken != "" {
				t.Errorf("a token beside the problem %q", problem)
			}
			return
		}
		if clean.ExpiresIn < 1 || clean.ExpiresIn > int64(provider.MaxExpiresIn/time.Second) {
			t.Errorf("got a lifetime of %d s", clean.ExpiresIn)
		}
		for name, value := range map[string]string{"access": clean.AccessToken, "refresh": clean.RefreshToken, "id": clean.IDToken} {
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) || value == "[redacted]" {
				t.Errorf("got the %s token %q", name, value)
			}
			if !holds(contentType, body, value) {
				t.Errorf("the %s token %q is not in the answer %q", name, value, body)
			}
		}
		if clean.AccessToken == "" || clean.TokenType == "" {
			t.Errorf("got token %q of type %q", clean.AccessToken, clean.TokenType)
		}
		encoded, err := json.Marshal(clean)
		if err != nil || !json.Valid(encoded) {
			t.Errorf("got %s, %v", encoded, err)
		}
	})
}

// holds reports whether a value is in the answer, however that is encoded.
func holds(contentType, body, value string) bool {
	if value == "" || strings.Contains(body, value) {
		return true
	}
	var fields map[string]any
	if json.Unmarshal([]byte(strings.TrimSpace(strings.TrimPrefix(body, "\xef\xbb\xbf"))), &fields) == nil {
		for _, field := range fields {
			if field == value {
				return true
			}
		}
	}
	values, err := url.ParseQuery(strings.TrimSpace(body))
	return err == nil && contentType != "" && (values.Get("access_token") == value || values.Get("refresh_token") == value || values.Get("id_token") == value)
}
