package apigateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/sandbox/apigateway"
	"token-refresher/internal/sandbox/lambda"
)

// function notes what it is invoked with, and answers what it was told.
type function struct {
	name   string
	event  []byte
	answer lambda.Result
	err    error
	hang   bool
}

func (f *function) Invoke(ctx context.Context, name string, payload []byte) (lambda.Result, error) {
	f.name, f.event = name, payload
	if f.hang {
		<-ctx.Done()
		return lambda.Result{}, ctx.Err()
	}
	return f.answer, f.err
}

func answering(payload string) *function {
	return &function{answer: lambda.Result{Payload: []byte(payload)}}
}

// serve puts a request through an API in front of the function.
func serve(t *testing.T, f *function, r *http.Request) *http.Response {
	t.Helper()
	gateway, err := apigateway.New(apigateway.Config{
		Lambda: f, Function: "consent", Routes: []string{"GET /consent", "POST /consent/callback", "GET /consent/done"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	gateway.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// asJSON decodes one object.
func asJSON(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
	return object
}

// TestEventsAreThoseOfTheService holds events to the files that the functions'
// own tests use: every field of them, and no value but what the request says.
func TestEventsAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	callback := httptest.NewRequest(http.MethodPost, "http://abc123.example:8080/consent/callback",
		strings.NewReader("code=a-code&id_token=an.id.token&scope=openid+offline_access&state=a-state-that-nobody-chose"))
	callback.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	callback.Header.Set("Origin", "https://admin.mobilepay.dk")
	callback.Header.Set("Cookie", "__Host-consent-0123456789abcdef=an-attempt-that-nobody-began")
	begin := httptest.NewRequest(http.MethodGet, "http://abc123.example:8080/consent?invite=an-invite-that-nobody-made", nil)
	done := httptest.NewRequest(http.MethodGet, "http://abc123.example:8080/consent/done", nil)
	for file, r := range map[string]*http.Request{"begin": begin, "callback": callback, "done": done} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			r.Header.Set("Accept", "text/html,application/xhtml+xml")
			r.Header.Set("Accept-Language", "da,en;q=0.8")
			r.Header.Set("User-Agent", "Mozilla/5.0")
			f := answering(`{"statusCode":204}`)
			serve(t, f, r)
			sample, err := os.ReadFile("../../../events/consent-" + file + ".json")
			if err != nil {
				t.Fatal(err)
			}
			got, want := asJSON(t, f.event), asJSON(t, sample)
			if f.name != "consent" {
				t.Errorf("invoked %q, want consent", f.name)
			}
			checkShape(t, "", got, want)
			for _, name := range []string{"version", "routeKey", "rawPath", "rawQueryString", "cookies", "body", "isBase64Encoded", "queryStringParameters"} {
				if diff := cmp.Diff(want[name], got[name]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// checkShape demands every field of want in got, of the same type.
func checkShape(t *testing.T, at string, got, want map[string]any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		inner, nested := want[name].(map[string]any)
		same, ok := got[name].(map[string]any)
		switch {
		case got[name] == nil:
			t.Errorf("%s%s is missing", at, name)
		case nested && ok:
			checkShape(t, at+name+".", same, inner)
		case nested:
			t.Errorf("%s%s is no object", at, name)
		}
	}
}

func TestHeadersAreJoined(t *testing.T) {
	t.Parallel()
	f := answering(`{"statusCode":204}`)
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/consent?a=1&a=2&b=%2F", nil)
	r.Header["Accept-Language"] = []string{"da", "en"}
	r.Header["Cookie"] = []string{"a=1; b=2", "c=3;"}
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	r.Header.Set("Connection", "keep-alive")
	r.RemoteAddr = "192.0.2.1:5000"
	serve(t, f, r)
	var got struct {
		Headers, QueryStringParameters map[string]string
		Cookies                        []string
		RawQueryString                 string
		RequestContext                 struct{ HTTP struct{ SourceIP string } }
	}
	if err := json.Unmarshal(f.event, &got); err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{
		"accept-language": "da,en", "host": "127.0.0.1:8080",
		"x-forwarded-for": "203.0.113.9, 192.0.2.1", "x-forwarded-port": "8080", "x-forwarded-proto": "http",
	}
	if diff := cmp.Diff(headers, got.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a=1", "b=2", "c=3"}, got.Cookies); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "1,2", "b": "/"}, got.QueryStringParameters); diff != "" || got.RawQueryString != "a=1&a=2&b=%2F" {
		t.Errorf("query %q, parameters (-want +got):\n%s", got.RawQueryString, diff)
	}
	if got.RequestContext.HTTP.SourceIP != "192.0.2.1" {
		t.Errorf("source: got %q", got.RequestContext.HTTP.SourceIP)
	}
}

func TestBodiesAreEncodedByType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		contentType, want string
		encoded           bool
	}{
		{"application/x-www-form-urlencoded", "YT0x", true},
		{"", "YT0x", true},
		{"application/octet-stream", "YT0x", true},
		{"text/plain; charset=utf-8", "a=1", false},
		{"application/json", "a=1", false},
	}
	for _, test := range tests {
		t.Run(test.contentType, func(t *testing.T) {
			t.Parallel()
			f := answering(`{"statusCode":204}`)
			r := httptest.NewRequest(http.MethodPost, "/consent/callback", strings.NewReader("a=1"))
			r.Header.Set("Content-Type", test.contentType)
			serve(t, f, r)
			event := asJSON(t, f.event)
			if event["body"] != test.want || event["isBase64Encoded"] != test.encoded {
				t.Errorf("body %v, encoded %v; want %s, %v", event["body"], event["isBase64Encoded"], test.want, test.encoded)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	long := httptest.NewRequest(http.MethodGet, "/consent", nil)
	long.Header.Set("Cookie", strings.Repeat("x", 10240))
	get := func(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }
	post := func(body io.Reader) *http.Request {
		return httptest.NewRequest(http.MethodPost, "/consent/callback", body)
	}
	tests := []struct {
		name    string
		r       *http.Request
		f       *function
		status  int
		message string
		reaches bool
	}{
		{"another path", get("/consent/other"), &function{}, 404, "Not Found", false},
		{"a slash more", get("/consent/"), &function{}, 404, "Not Found", false},
		{"a path that only decodes to one", get("/consen%74"), &function{}, 404, "Not Found", false},
		{"another method", get("/consent/callback"), &function{}, 404, "Not Found", false},
		{"no method of the route", httptest.NewRequest(http.MethodHead, "/consent", nil), &function{}, 404, "Not Found", false},
		{"headers too long", long, &function{}, 431, "Request Header Fields Too Large", false},
		{"body too long", post(strings.NewReader(strings.Repeat("x", 6<<20))), &function{}, 413, "Request Entity Too Large", false},
		{"body cut off", post(io.MultiReader(strings.NewReader("a"), broken{})), &function{}, 400, "Bad Request", false},
		{"throttled", get("/consent"), &function{err: lambda.ErrThrottled}, 503, "Service Unavailable", true},
		{"the function fails", get("/consent"), &function{answer: lambda.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"secret"}`)}}, 500, "Internal Server Error", true},
		{"no JSON", get("/consent"), answering(`<html>`), 500, "Internal Server Error", true},
		{"no base64", get("/consent"), answering(`{"statusCode":200,"body":"%","isBase64Encoded":true}`), 500, "Internal Server Error", true},
		{"no status of HTTP", get("/consent"), answering(`{"statusCode":1000}`), 500, "Internal Server Error", true},
		{"an interim status", get("/consent"), answering(`{"statusCode":100}`), 500, "Internal Server Error", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			response := serve(t, test.f, test.r)
			if got := text(t, response); response.StatusCode != test.status || got != `{"message":"`+test.message+"\"}\n" {
				t.Errorf("got %d %s, want %d %s", response.StatusCode, got, test.status, test.message)
			}
			if reached := test.f.event != nil; reached != test.reaches {
				t.Errorf("function reached: %v, want %v", reached, test.reaches)
			}
		})
	}
}

// broken is a body whose sender is gone.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("gone") }

func TestFunctionsHave30Seconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		response := serve(t, &function{hang: true}, httptest.NewRequest(http.MethodGet, "/consent", nil).WithContext(t.Context()))
		if response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status: got %d, want 503", response.StatusCode)
		}
	})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	response := serve(t, answering(`{"statusCode":303,"headers":{"Location":"https://a.example","Content-Length":"99"},
		"cookies":["a=1; Secure","b=2"],"body":"dMOmcg==","isBase64Encoded":true}`), httptest.NewRequest(http.MethodGet, "/consent", nil))
	if got := text(t, response); response.StatusCode != http.StatusSeeOther || got != "tær" {
		t.Errorf("got %d %q, want 303 and the body decoded", response.StatusCode, got)
	}
	want := http.Header{"Location": {"https://a.example"}, "Set-Cookie": {"a=1; Secure", "b=2"}}
	response.Header.Del("Apigw-Requestid")
	if diff := cmp.Diff(want, response.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	for _, payload := range []string{`{"url":"x"}`, `"text"`, `null`} {
		response := serve(t, answering(payload), httptest.NewRequest(http.MethodGet, "/consent", nil))
		if got := text(t, response); response.StatusCode != http.StatusOK || got != payload || response.Header.Get("Content-Type") != "application/json" {
			t.Errorf("without a status: got %d %q, want the answer as the body", response.StatusCode, got)
		}
	}
}

func TestConfigs(t *testing.T) {
	t.Parallel()
	sound := apigateway.Config{Lambda: &function{}, Function: "consent", Routes: []string{"GET /consent"}}
	if _, err := apigateway.New(sound); err != nil {
		t.Errorf("New: %v", err)
	}
	for name, change := range map[string]func(*apigateway.Config){
		"no Lambda":   func(c *apigateway.Config) { c.Lambda = nil },
		"no function": func(c *apigateway.Config) { c.Function = "" },
		"no routes":   func(c *apigateway.Config) { c.Routes = nil },
		"no method":   func(c *apigateway.Config) { c.Routes = []string{"/consent"} },
		"no path":     func(c *apigateway.Config) { c.Routes = []string{"GET consent"} },
	} {
		c := sound
		change(&c)
		if _, err := apigateway.New(c); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
