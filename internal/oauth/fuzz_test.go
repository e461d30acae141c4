package oauth_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/provider"
	"token-refresher/internal/token"
)

// FuzzNormalise holds every answer that is passed on to what x/oauth2 and the
// stores rely on: it is JSON, its lifetime is positive and bounded, its token
// can stand in a header, and the token is the server's, not of our making.
func FuzzNormalise(f *testing.F) {
	f.Add("application/json", goodAnswer)
	f.Add("text/plain", answer(`"3.7e3"`))
	f.Add("text/plain", "\xef\xbb\xbf"+answer(`-1`))
	f.Add(form, "access_token=a%20b&expires_in=1e999&scope=a+b")
	f.Add("", `{"access_token":"a","refresh_token":12,"id_token":"\u00e9"}`)
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
			if name != "refresh" && strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) || value == "[redacted]" {
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

// FuzzSalvage breaks an answer off at any byte, and puts anything before and
// behind its refresh token: it is found whole as soon as it is complete, and
// never in part.
func FuzzSalvage(f *testing.F) {
	f.Add(`{"access_token":"a","expires_in":NaN,`, "t0ken", `,"scope":"x"}`, 50)
	f.Add(`{`, `a"b\c`, ``, 20)
	f.Add(`{"note":"\"refresh_token\":`, "é\n", `}`, 9)
	f.Fuzz(func(t *testing.T, before, value, behind string, cut int) {
		quoted, err := json.Marshal(value)
		if err != nil || !token.NewSecret(value).Storable() || strings.Contains(before+behind, "refresh_token") || strings.Count(before, `"`)%2 != 0 || strings.Contains(before, `\`) {
			t.Skip()
		}
		var want string
		if err := json.Unmarshal(quoted, &want); err != nil {
			t.Fatal(err)
		}
		whole := before + `"refresh_token":` + string(quoted)
		body := whole + behind
		if cut >= 0 && cut < len(body) {
			body = body[:cut]
		}
		got := oauth.Salvage([]byte(body), 300*time.Second).RefreshToken
		if complete := len(body) >= len(whole); complete && got != want {
			t.Errorf("got %q of %q, want %q", got, body, want)
		} else if !complete && got != "" {
			t.Errorf("got %q of %q, which is not complete", got, body)
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
		return false
	}
	values, err := url.ParseQuery(strings.TrimSpace(body))
	return err == nil && contentType != "" && (values.Get("access_token") == value || values.Get("refresh_token") == value || values.Get("id_token") == value)
}
