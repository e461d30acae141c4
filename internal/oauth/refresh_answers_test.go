package oauth_test

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"token-refresher/internal/oauth"
)

// TestNoAnswerLosesARefreshToken has a new refresh token in every answer: the
// old one may be spent, so that nothing else in the answer matters as much.
func TestNoAnswerLosesARefreshToken(t *testing.T) {
	t.Parallel()
	const (
		access = `"access_token":"` + accessToken + `"`
		next   = `"refresh_token":"` + refreshToken + `"`
		usual  = `"token_type":"Bearer","expires_in":300`
	)
	const seven = 7 * time.Minute // the provider's default_expires_in
	tests := []struct {
		name, body, label string
		breaks            error         // after the body
		want              string        // the refresh token; empty: refreshToken
		expires           time.Duration // 0: 300 s
		noAccess          bool
	}{
		{name: "JSON labelled text/plain", body: `{` + access + `,` + next + `,` + usual + `}`, label: "text/plain"},
		{name: "JSON labelled as a form", body: `{` + access + `,` + next + `,` + usual + `}`, label: form},
		{name: "JSON labelled as HTML", body: `{` + access + `,` + next + `,` + usual + `}`, label: "text/html"},
		{name: "byte order mark", body: "\xef\xbb\xbf{" + access + `,` + next + `,` + usual + `}`},
		{name: "form", body: "access_token=" + accessToken + "&refresh_token=" + refreshToken + "&expires_in=300", label: form},
		{name: "form labelled text/plain", body: "access_token=" + accessToken + "&refresh_token=" + refreshToken + "&expires_in=300", label: "text/plain"},
		{name: "status 201", body: `{` + access + `,` + next + `,` + usual + `}`},
		{name: "expires_in missing", body: `{` + access + `,` + next + `}`, expires: seven},
		{name: "expires_in in a string", body: `{` + access + `,` + next + `,"expires_in":"300"}`},
		{name: "expires_in in words", body: `{` + access + `,` + next + `,"expires_in":"soon"}`, expires: seven},
		{name: "expires_in negative", body: `{` + access + `,` + next + `,"expires_in":-1}`, expires: seven},
		{name: "expires_in an object", body: `{` + access + `,` + next + `,"expires_in":{"s":300}}`, expires: seven},
		{name: "expires_in not a number", body: `{` + access + `,"expires_in":NaN,` + next + `}`, expires: seven},
		{name: "expires_in without a value", body: `{` + access + `,"expires_in":,` + next + `}`, expires: seven},
		{name: "expires_in beyond JSON", body: `{` + access + `,"expires_in":0300,` + next + `}`, expires: seven},
		{name: "token_type missing", body: `{` + access + `,` + next + `,"expires_in":300}`},
		{name: "token_type a list", body: `{` + access + `,` + next + `,"expires_in":300,"token_type":["Bearer"]}`},
		{name: "scope an object", body: `{` + access + `,` + next + `,` + usual + `,"scope":{}}`},
		{name: "id_token broken", body: `{` + access + `,` + next + `,` + usual + `,"id_token":7}`},
		{name: "id_token with a line break", body: `{` + access + `,` + next + `,` + usual + `,"id_token":"a\nb"}`},
		{name: "error beside the tokens", body: `{"error":"warning",` + access + `,` + next + `,` + usual + `}`},
		{name: "known error beside the tokens", body: `{"error":"invalid_grant",` + access + `,` + next + `,` + usual + `}`},
		{name: "refresh_token a number", body: `{` + access + `,"refresh_token":90071992547409931,` + usual + `}`, want: "90071992547409931"},
		{name: "refresh_token with unusual characters", body: `{` + access + `,"refresh_token":"a\u00e9\tb",` + usual + `}`, want: "aé\tb"},
		{name: "refresh_token of 60 KB", body: `{` + access + `,"refresh_token":"` + strings.Repeat("<", 60<<10) + `",` + usual + `}`, want: strings.Repeat("<", 60<<10)},
		{name: "access_token missing", body: `{` + next + `,` + usual + `}`, noAccess: true},
		{name: "access_token null", body: `{"access_token":null,` + next + `,` + usual + `}`, noAccess: true},
		{name: "access_token a number", body: `{"access_token":7,` + next + `,` + usual + `}`, noAccess: true},
		{name: "access_token with a line break", body: `{"access_token":"a\nb",` + next + `,` + usual + `}`, noAccess: true},
		{name: "access_token redacted", body: `{"access_token":"[redacted]",` + next + `,` + usual + `}`, noAccess: true},
		{name: "something behind the JSON", body: `{` + access + `,` + next + `,` + usual + `}<!-- node 7 -->`},
		{name: "something before the JSON", body: `)]}',{` + access + `,` + next + `,` + usual + `}`},
		{name: "cut off behind both tokens", body: `{` + access + `,` + usual + `,` + next + `,"scope":"o`},
		{name: "cut off in the access token", body: `{` + next + `,"access_token":"ey`, noAccess: true},
		{name: "too long, the tokens first", body: `{` + access + `,` + next + `,` + usual + `,"padding":"` + strings.Repeat("x", 2<<20) + `"}`},
		{name: "reset behind the tokens", body: `{` + access + `,` + next + `,"expires_in":300,`, breaks: syscall.ECONNRESET},
		{name: "reset behind the refresh token", body: `{` + next + `,"acc`, breaks: io.ErrUnexpectedEOF, noAccess: true},
		{name: "a name inside a text", body: `{"note":"\"refresh_token\":\"wrong\"",` + access + `,` + next + `,"expires_in":30`, expires: seven},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status := http.StatusOK
			if test.name == "status 201" {
				status = http.StatusCreated
			}
			idp := breaking(status, test.body, test.breaks, test.label)
			got, err := refresh(t, idp, consented(""))
			want := test.want
			if want == "" {
				want = refreshToken
			}
			if err != nil || got.RefreshToken.Reveal() != want || !got.Rotated {
				t.Fatalf("got error %v, rotated %v: the new refresh token is lost", err, got.Rotated)
			}
			if test.noAccess != got.AccessToken.Empty() || (!test.noAccess && got.AccessToken.Reveal() != accessToken) {
				t.Errorf("got an access token: %v, want one: %v", !got.AccessToken.Empty(), !test.noAccess)
			}
			expires := test.expires
			if expires == 0 {
				expires = 300 * time.Second
			}
			if !test.noAccess && got.ExpiresIn != expires {
				t.Errorf("got a lifetime of %v, want %v", got.ExpiresIn, expires)
			}
			if test.noAccess && (got.ExpiresIn != 0 || len(got.Oddities) == 0) {
				t.Errorf("got a lifetime of %v and oddities %q without an access token", got.ExpiresIn, got.Oddities)
			}
			if got.IssuedAt.IsZero() || got.TokenType != "Bearer" || len(idp.sent()) != 1 {
				t.Errorf("got issued at %v, type %q, %d requests", got.IssuedAt, got.TokenType, len(idp.sent()))
			}
		})
	}
}

// TestWhatIsNoRefreshToken keeps the grant as it is: nothing in these answers is
// a token to go on with.
func TestWhatIsNoRefreshToken(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		breaks error
		class  oauth.Class
		want   oauth.Delivery
	}{
		{"cut off in the refresh token", 200, `{"access_token":"a","refresh_token":"` + refreshToken, nil, oauth.ClassUnknown, oauth.Answered},
		{"reset in the refresh token", 200, `{"refresh_token":"` + refreshToken, syscall.ECONNRESET, oauth.ClassTransient, oauth.Broken},
		{"the one that was sent, nothing else", 200, `{"refresh_token":"` + oldToken + `"}`, nil, oauth.ClassUnknown, oauth.Answered},
		{"a refusal with an echo", 200, `{"error":"invalid_grant","refresh_token":"` + refreshToken + `"}`, nil, oauth.ClassGrant, oauth.Answered},
		{"an error page with an echo", 500, `{"refresh_token":"` + refreshToken + `"`, nil, oauth.ClassTransient, oauth.Answered},
		{"a name inside a text", 200, `{"note":"\"refresh_token\":\"` + refreshToken + `\""`, nil, oauth.ClassUnknown, oauth.Answered},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := refresh(t, breaking(test.status, test.body, test.breaks, ""), consented(""))
			found := classified(t, err)
			if found.Class != test.class || found.Delivery() != test.want || found.Status != test.status {
				t.Errorf("got %s, %s, status %d; want %s, %s, %d", found.Class, found.Delivery(), found.Status, test.class, test.want, test.status)
			}
			wantNoLeak(t, err)
		})
	}
}

// An answer to client credentials is not read in part: another can be had.
func TestOnlyRefreshesAreReadInPart(t *testing.T) {
	t.Parallel()
	idp := serving(http.StatusOK, `{"access_token":"`+accessToken+`","refresh_token":"`+refreshToken+`","expires_in":NaN}`)
	_, err := newClient(t, idp).ClientCredentials(t.Context(), parse(t, inline("")), credentials(nil), "")
	if found := classified(t, err); found.Class != oauth.ClassUnknown {
		t.Errorf("got %v, want it not understood", err)
	}
}

// breaking serves a body that ends with an error, unless that is nil.
func breaking(status int, body string, err error, label string) *server {
	return &server{answer: func(*http.Request) (*http.Response, error) {
		reader := io.Reader(strings.NewReader(body))
		if err != nil {
			reader = io.MultiReader(reader, broken{err})
		}
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {label}}, Body: io.NopCloser(reader)}, nil
	}}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
