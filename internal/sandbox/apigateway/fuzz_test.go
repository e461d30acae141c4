package apigateway_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzGateway: whatever a browser sends and a function answers, an event is
// JSON, its body is what was sent, and a response can be written.
func FuzzGateway(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "a=1; b=2", "code=c&state=s", `{"statusCode":303,"headers":{"Location":"/"},"cookies":["a=1"]}`)
	f.Add("text/html", "\r\n\xff", "\xff\x00", `{"statusCode":200,"headers":{"A\r\nB":"C\r\nD"},"body":"%","isBase64Encoded":true}`)
	f.Fuzz(func(t *testing.T, contentType, cookie, body, answer string) {
		r := httptest.NewRequest(http.MethodPost, "/consent/callback", strings.NewReader(body))
		r.Header["Content-Type"], r.Header["Cookie"] = []string{contentType}, []string{cookie}
		fn := answering(answer)
		response := serve(t, fn, r)
		if fn.event != nil && !json.Valid(fn.event) {
			t.Errorf("the event is no JSON: %q", fn.event)
		}
		if response.StatusCode < http.StatusOK || response.StatusCode > 599 {
			t.Errorf("status %d", response.StatusCode)
		}
	})
}
