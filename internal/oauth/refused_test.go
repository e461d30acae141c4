package oauth_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
)

// TestRefusedAnswers are those that bring no token: each is classified, and
// none gets anything but fixed words into the error.
func TestRefusedAnswers(t *testing.T) {
	t.Parallel()
	echo := `"error_description":"` + accessToken + " " + clientSecret + `"`
	basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape("client+id:1") + ":" + url.QueryEscape(clientSecret)))
	tests := []struct {
		name   string
		status int
		body   string
		header []string
		want   oauth.Error
		text   string
	}{
		{name: "invalid_grant", status: 400, body: `{"error":"invalid_grant",` + echo + `}`, want: oauth.Error{Class: oauth.ClassGrant, Code: "invalid_grant"}, text: "token request: the grant was refused (status 400, code invalid_grant)"},
		{name: "invalid_grant with a good status", status: 200, body: `{"error":"invalid_grant"}`, want: oauth.Error{Class: oauth.ClassGrant, Code: "invalid_grant"}},
		{name: "invalid_grant with 401", status: 401, body: `{"error":"invalid_grant"}`, want: oauth.Error{Class: oauth.ClassGrant, Code: "invalid_grant"}},
		{name: "invalid_grant with 500", status: 500, body: `{"error":"invalid_grant"}`, want: oauth.Error{Class: oauth.ClassGrant, Code: "invalid_grant"}},
		{name: "invalid_grant in upper case", status: 400, body: `{"error":"INVALID_GRANT"}`, want: oauth.Error{Class: oauth.ClassGrant, Code: "invalid_grant"}},
		{name: "invalid_grant in a form", status: 400, body: "error=invalid_grant&error_description=x", header: []string{"Content-Type: " + form}, want: oauth.Error{Class: oauth.ClassGrant, Code: "invalid_grant"}},
		{name: "invalid_grant labelled text/plain", status: 400, body: `{"error":"invalid_grant"}`, header: []string{"Content-Type: text/plain"}, want: oauth.Error{Class: oauth.ClassGrant, Code: "invalid_grant"}},
		{name: "invalid_client", status: 400, body: `{"error":"invalid_client"}`, want: oauth.Error{Class: oauth.ClassClient, Code: "invalid_client"}, text: "token request: the client was refused (status 400, code invalid_client)"},
		{name: "unauthorized_client", status: 400, body: `{"error":"unauthorized_client"}`, want: oauth.Error{Class: oauth.ClassClient, Code: "unauthorized_client"}},
		{name: "invalid_scope", status: 400, body: `{"error":"invalid_scope"}`, want: oauth.Error{Class: oauth.ClassClient, Code: "invalid_scope"}},
		{name: "unsupported_grant_type", status: 400, body: `{"error":"unsupported_grant_type"}`, want: oauth.Error{Class: oauth.ClassClient, Code: "unsupported_grant_type"}},
		{name: "invalid_request", status: 400, body: `{"error":"invalid_request"}`, want: oauth.Error{Class: oauth.ClassUnknown, Code: "invalid_request"}},
		{name: "invalid_request with 401", status: 401, body: `{"error":"invalid_request"}`, want: oauth.Error{Class: oauth.ClassClient, Code: "invalid_request"}},
		{name: "server_error with 400", status: 400, body: `{"error":"server_error"}`, want: oauth.Error{Class: oauth.ClassTransient, Code: "server_error"}},
		{name: "temporarily_unavailable with 400", status: 400, body: `{"error":"temporarily_unavailable"}`, want: oauth.Error{Class: oauth.ClassTransient, Code: "temporarily_unavailable"}},
		{
			name: "gateway 401 with an object", status: 401,
			body: `{"error":"Unauthorized","error_description":{"message":"` + clientSecret + `","error_type":"ClientError","correlation_id":"6a7f2c1e-0d4b-4b7e-9a51-2f1d8c3b4e5f"}}`,
			want: oauth.Error{Class: oauth.ClassClient, Code: "unauthorized", CorrelationID: "6a7f2c1e-0d4b-4b7e-9a51-2f1d8c3b4e5f"},
			text: "token request: the client was refused (status 401, code unauthorized, correlation id 6a7f2c1e-0d4b-4b7e-9a51-2f1d8c3b4e5f)",
		},
		{name: "401 without a body", status: 401, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "403", status: 403, body: "Forbidden", want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "404 HTML", status: 404, body: "<html>" + accessToken, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "unknown code", status: 400, body: `{"error":"merchant_blocked"}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "error an object", status: 400, body: `{"error":{"code":"invalid_grant"}}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "error a number", status: 400, body: `{"error":7}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "429", status: 429, want: oauth.Error{Class: oauth.ClassThrottled}, text: "token request: the provider asks to slow down (status 429)"},
		{name: "429 with seconds", status: 429, header: []string{"Retry-After: 17"}, want: oauth.Error{Class: oauth.ClassThrottled, RetryAfter: 17 * time.Second}, text: "token request: the provider asks to slow down (status 429, wait 17s)"},
		{name: "429 with a date", status: 429, header: []string{"Retry-After: Sat, 01 Jan 2000 00:02:00 GMT"}, want: oauth.Error{Class: oauth.ClassThrottled, RetryAfter: 2 * time.Minute}},
		{name: "429 with a date gone by", status: 429, header: []string{"Retry-After: Fri, 31 Dec 1999 00:00:00 GMT"}, want: oauth.Error{Class: oauth.ClassThrottled}},
		{name: "429 with a day", status: 429, header: []string{"Retry-After: 86400"}, want: oauth.Error{Class: oauth.ClassThrottled, RetryAfter: 15 * time.Minute}},
		{name: "429 with a far date", status: 429, header: []string{"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"}, want: oauth.Error{Class: oauth.ClassThrottled, RetryAfter: 15 * time.Minute}},
		{name: "429 beyond numbers", status: 429, header: []string{"Retry-After: 99999999999999999999"}, want: oauth.Error{Class: oauth.ClassThrottled, RetryAfter: 15 * time.Minute}},
		{name: "429 negative", status: 429, header: []string{"Retry-After: -9223372036854775808"}, want: oauth.Error{Class: oauth.ClassThrottled}},
		{name: "429 in words", status: 429, header: []string{"Retry-After: " + headerKey}, want: oauth.Error{Class: oauth.ClassThrottled}},
		{name: "400 with seconds", status: 400, header: []string{"Retry-After: 17"}, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "500 HTML", status: 500, body: "<html>" + clientSecret, want: oauth.Error{Class: oauth.ClassTransient}, text: "token request: the provider failed (status 500)"},
		{name: "502 empty", status: 502, want: oauth.Error{Class: oauth.ClassTransient}},
		{name: "503 with seconds", status: 503, header: []string{"Retry-After: 5"}, want: oauth.Error{Class: oauth.ClassTransient, RetryAfter: 5 * time.Second}},
		{name: "500 with a token", status: 500, body: goodAnswer, want: oauth.Error{Class: oauth.ClassTransient}},
		{name: "500 of 10 MB", status: 500, body: strings.Repeat("x", 10<<20), want: oauth.Error{Class: oauth.ClassTransient}},
		{name: "redirect", status: 302, header: []string{"Location: https://evil.example/?" + accessToken}, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the provider redirects, which is not followed (status 302)"},
		{name: "redirect that keeps the body", status: 307, header: []string{"Location: https://idp.example/other"}, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the provider redirects, which is not followed (status 307)"},
		{name: "200 empty", status: 200, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer is not a JSON object (status 200)"},
		{name: "204", status: 204, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 HTML", status: 200, body: "<html>" + accessToken, header: []string{"Content-Type: text/html"}, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer is not a JSON object (status 200)"},
		{name: "200 HTML labelled text/plain", status: 200, body: "<html>" + accessToken, header: []string{"Content-Type: text/plain"}, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 a form with a bad escape", status: 200, body: "access_token=%zz", header: []string{"Content-Type: " + form}, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 null", status: 200, body: "null", want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 a list", status: 200, body: "[" + goodAnswer + "]", want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 cut off", status: 200, body: goodAnswer[:len(goodAnswer)-9], want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 without a token", status: 200, body: `{"expires_in":3700}`, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer has no access_token (status 200)"},
		{name: "200 token empty", status: 200, body: `{"access_token":""}`, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer has no access_token (status 200)"},
		{name: "200 token null", status: 200, body: `{"access_token":null}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 token a number", status: 200, body: `{"access_token":12345}`, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer's access_token is not a string (status 200)"},
		{name: "200 token redacted", status: 200, body: `{"access_token":"[redacted]"}`, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer's access_token is a placeholder (status 200)"},
		{name: "200 token with a line break", status: 200, body: `{"access_token":"` + accessToken + `\r\nX: y"}`, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer's access_token has a character that no token can have (status 200)"},
		{name: "200 with an unknown error", status: 200, body: `{"error":"oops"}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "200 of 10 MB", status: 200, body: `{"access_token":"` + strings.Repeat("x", 10<<20) + `"}`, want: oauth.Error{Class: oauth.ClassUnknown}, text: "token request: the answer is larger than 1023 KiB (status 200)"},
		{name: "code that is our secret", status: 400, body: `{"error":"` + clientSecret + `"}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "code that is a token", status: 400, body: `{"error":"` + accessToken + `"}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "code with an escape", status: 400, body: `{"error":"invalid_grant\u001b[2J"}`, want: oauth.Error{Class: oauth.ClassUnknown}},
		{name: "correlation id in a field", status: 500, body: `{"correlation_id":"abc_123"}`, want: oauth.Error{Class: oauth.ClassTransient, CorrelationID: "abc_123"}},
		{name: "correlation id in a header", status: 500, header: []string{"X-Correlation-Id: c-1"}, want: oauth.Error{Class: oauth.ClassTransient, CorrelationID: "c-1"}},
		{name: "request id in a header", status: 500, header: []string{"X-Request-Id: r-1"}, want: oauth.Error{Class: oauth.ClassTransient, CorrelationID: "r-1"}},
		{name: "correlation id that is our secret", status: 401, body: `{"correlation_id":"` + headerKey + `"}`, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "correlation id that is a literal header", status: 401, body: `{"correlation_id":"` + literalKey + `"}`, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "correlation id around our secret", status: 401, body: `{"correlation_id":"x-` + strings.ToUpper(headerKey) + `"}`, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "correlation id in our secret", status: 401, body: `{"correlation_id":"` + headerKey[:16] + `"}`, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "correlation id in our authorization", status: 401, body: `{"correlation_id":"` + basic[:40] + `"}`, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "correlation id in our secret as it is sent", status: 401, body: `{"correlation_id":"AFcode"}`, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "correlation id that is a JWT", status: 401, body: `{"correlation_id":"` + accessToken + `"}`, want: oauth.Error{Class: oauth.ClassClient}},
		{name: "correlation id that is the token beside it", status: 500, body: `{"correlation_id":"` + refreshToken + `","refresh_token":"` + refreshToken + `"}`, want: oauth.Error{Class: oauth.ClassTransient}},
		{name: "correlation id with an escape", status: 500, body: `{"correlation_id":"a\u001b[2J"}`, want: oauth.Error{Class: oauth.ClassTransient}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // its clock starts at 2000-01-01 00:00 UTC
				idp := serving(test.status, test.body, test.header...)
				_, err := newClient(t, idp).ClientCredentials(t.Context(), parse(t, inline(`"headers":{"X-Key":"`+literalKey+`"}`)), credentials(nil), "")
				got := classified(t, err)
				if got.Class != test.want.Class || got.Status != test.status || got.Code != test.want.Code ||
					got.CorrelationID != test.want.CorrelationID || got.RetryAfter != test.want.RetryAfter || got.Timeout {
					t.Errorf("got  %+v\nwant %+v with status %d", *got, test.want, test.status)
				}
				if test.text != "" && err.Error() != test.text {
					t.Errorf("got text  %q\nwant text %q", err, test.text)
				}
				if len(idp.sent()) != 1 {
					t.Errorf("got %d requests, want exactly 1", len(idp.sent()))
				}
				wantNoLeak(t, err)
			})
		})
	}
}

// Other packages make errors of their own for tests and for what they refuse.
func TestErrorWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for class, want := range map[oauth.Class]string{
		oauth.ClassGrant:     "token request: the grant was refused",
		oauth.ClassClient:    "token request: the client was refused",
		oauth.ClassTransient: "token request: the provider failed",
		oauth.ClassThrottled: "token request: the provider asks to slow down",
		oauth.ClassUnknown:   "token request: the answer was not understood",
	} {
		if got := (&oauth.Error{Class: class}).Error(); got != want {
			t.Errorf("class %s: got %q, want %q", class, got, want)
		}
	}
}
