package oauth_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/token"
)

// answer is a good one with another expires_in.
func answer(expiresIn string) string {
	return `{"access_token":"` + accessToken + `","token_type":"Bearer","expires_in":` + expiresIn + `}`
}

// TestSloppyAnswers are those that bring a token all the same.
func TestSloppyAnswers(t *testing.T) {
	t.Parallel()
	const month = 30 * 24 * time.Hour
	long := strings.Repeat("a<\\\"", 15<<10)
	tests := []struct {
		name, body, label string
		want              oauth.Answer // its zero fields stand for the usual
		wantToken         string
	}{
		{name: "JSON labelled text/plain", body: goodAnswer, label: "text/plain; charset=utf-8", want: oauth.Answer{Scope: "integrator_scope"}},
		{name: "JSON labelled as a form", body: goodAnswer, label: form, want: oauth.Answer{Scope: "integrator_scope"}},
		{name: "JSON without a label", body: goodAnswer, want: oauth.Answer{Scope: "integrator_scope"}},
		{name: "JSON with an unreadable label", body: goodAnswer, label: ";;", want: oauth.Answer{Scope: "integrator_scope"}},
		{name: "byte order mark", body: "\xef\xbb\xbf" + goodAnswer, label: "application/json", want: oauth.Answer{Scope: "integrator_scope"}},
		{name: "white space around", body: "\r\n  " + goodAnswer + "\n", want: oauth.Answer{Scope: "integrator_scope"}},
		{name: "form", body: "access_token=" + accessToken + "&expires_in=3700&token_type=bearer", label: form},
		{name: "form labelled text/plain", body: "access_token=" + accessToken + "&expires_in=3700&token_type=bearer", label: "text/plain"},
		{name: "number in a string", body: answer(`"3700"`)},
		{name: "number in a string with spaces", body: answer(`" 3700 "`)},
		{name: "number with a fraction", body: answer(`3700.0`)},
		{name: "number with an exponent", body: answer(`3.7e3`)},
		{name: "number with a real fraction", body: answer(`3700.9`)},
		{name: "expires_in huge", body: answer(`99999999999`), want: oauth.Answer{ExpiresIn: month, Oddities: []string{"expires_in capped"}}},
		{name: "expires_in beyond int64", body: answer(`1e30`), want: oauth.Answer{ExpiresIn: month, Oddities: []string{"expires_in capped"}}},
		{name: "expires_in beyond float64", body: answer(`"1e999"`), want: oauth.Answer{ExpiresIn: month, Oddities: []string{"expires_in capped"}}},
		{name: "expires_in missing", body: `{"access_token":"` + accessToken + `","token_type":"Bearer"}`, want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in missing"}}},
		{name: "expires_in null", body: answer(`null`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in missing"}}},
		{name: "expires_in empty", body: answer(`""`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in missing"}}},
		{name: "expires_in zero", body: answer(`0`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in not positive"}}},
		{name: "expires_in below a second", body: answer(`0.9`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in not positive"}}},
		{name: "expires_in negative", body: answer(`-3700`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in not positive"}}},
		{name: "expires_in negative beyond numbers", body: answer(`-1e999`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in not positive"}}},
		{name: "expires_in infinite", body: answer(`"inf"`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in unreadable"}}},
		{name: "expires_in in hex", body: answer(`"0xe74"`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in unreadable"}}},
		{name: "expires_in in words", body: answer(`"an hour"`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in unreadable"}}},
		{name: "expires_in true", body: answer(`true`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in unreadable"}}},
		{name: "expires_in an object", body: answer(`{"seconds":3700}`), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"expires_in unreadable"}}},
		{name: "token_type missing", body: `{"access_token":"` + accessToken + `","expires_in":3700}`, want: oauth.Answer{Oddities: []string{"token_type missing"}}},
		{name: "token_type in lower case", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"bearer"}`},
		{name: "token_type in upper case", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"BEARER"}`},
		{name: "token_type another", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"DPoP"}`, want: oauth.Answer{TokenType: "DPoP"}},
		{name: "token_type a number", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":1}`, want: oauth.Answer{Oddities: []string{"token_type unreadable"}}},
		{name: "token_type with an escape", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"\u001b[2J"}`, want: oauth.Answer{Oddities: []string{"token_type unreadable"}}},
		{name: "scope a list", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer","scope":["a","b"]}`, want: oauth.Answer{Scope: "a b"}},
		{name: "scope an object", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer","scope":{}}`, want: oauth.Answer{Oddities: []string{"scope unreadable"}}},
		{name: "scope with an escape", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer","scope":"\u001b"}`, want: oauth.Answer{Oddities: []string{"scope unreadable"}}},
		{name: "refresh_token a number", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer","refresh_token":7}`, want: oauth.Answer{RefreshToken: token.NewSecret("7"), Oddities: []string{"refresh_token a number"}}},
		{name: "id_token redacted", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer","id_token":"[redacted]"}`, want: oauth.Answer{Oddities: []string{"id_token unreadable"}}},
		{name: "error null beside a token", body: `{"error":null,"access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer"}`},
		{name: "error beside a token", body: `{"error":"warning","access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer"}`, want: oauth.Answer{Oddities: []string{"error beside a token"}}},
		{name: "unknown fields", body: `{"access_token":"` + accessToken + `","expires_in":3700,"token_type":"Bearer","ext_expires_in":"1","resource":{"a":[1]}}`},
		{name: "token of 60 KB", body: `{"access_token":"` + strings.Repeat("x", 60<<10) + `","expires_in":3700,"token_type":"Bearer"}`, wantToken: strings.Repeat("x", 60<<10)},
		{name: "token that JSON escapes", body: `{"access_token":"` + strings.ReplaceAll(strings.ReplaceAll(long, `\`, `\\`), `"`, `\"`) + `","expires_in":3700,"token_type":"Bearer"}`, wantToken: long},
		{name: "token of almost 1 MiB", body: `{"access_token":"` + strings.Repeat("<", 1022<<10) + `"}`, wantToken: strings.Repeat("<", 1022<<10), want: oauth.Answer{ExpiresIn: 7 * time.Minute, Oddities: []string{"token_type missing", "expires_in missing"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			idp := serving(http.StatusOK, test.body, "Content-Type: "+test.label)
			got, err := newClient(t, idp).ClientCredentials(t.Context(), parse(t, inline(`"default_expires_in":"7m"`)), credentials(nil), "")
			if err != nil {
				t.Fatalf("got error %v, want the token", err)
			}
			want := usual(test.want)
			if got.ExpiresIn != want.ExpiresIn || got.TokenType != want.TokenType || got.Scope != want.Scope || !slices.Equal(got.Oddities, want.Oddities) {
				t.Errorf("got  %v %q %q %q\nwant %v %q %q %q", got.ExpiresIn, got.TokenType, got.Scope, got.Oddities,
					want.ExpiresIn, want.TokenType, want.Scope, want.Oddities)
			}
			wantToken := test.wantToken
			if wantToken == "" {
				wantToken = accessToken
			}
			if got.AccessToken.Reveal() != wantToken || !got.RefreshToken.Equal(want.RefreshToken) || !got.IDToken.Empty() {
				t.Error("the tokens are not those that were sent")
			}
		})
	}
}

// usual fills in what the rows do not say.
func usual(want oauth.Answer) oauth.Answer {
	if want.ExpiresIn == 0 {
		want.ExpiresIn = 3700 * time.Second
	}
	if want.TokenType == "" {
		want.TokenType = "Bearer"
	}
	return want
}

func TestScopeIsWhatWasAskedForUnlessTheServerSaysOtherwise(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{answer("3700"): "a b", goodAnswer: "integrator_scope"} {
		got, err := newClient(t, serving(http.StatusOK, body)).ClientCredentials(t.Context(), parse(t, inline(`"scopes":["a","b"]`)), credentials(nil), "")
		if err != nil || got.Scope != want {
			t.Errorf("got scope %q and error %v, want %q", got.Scope, err, want)
		}
	}
}

func TestFurtherTokensAreKept(t *testing.T) {
	t.Parallel()
	body := `{"access_token":"a","expires_in":300,"token_type":"Bearer","refresh_token":"` + refreshToken + `","id_token":"i.d.t"}`
	got, err := newClient(t, serving(http.StatusOK, body)).ClientCredentials(t.Context(), parse(t, inline("")), credentials(nil), "")
	if err != nil || got.RefreshToken.Reveal() != refreshToken || got.IDToken.Reveal() != "i.d.t" {
		t.Errorf("got refresh token kept %v, ID token kept %v, error %v", !got.RefreshToken.Empty(), !got.IDToken.Empty(), err)
	}
}
