package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"token-refresher/internal/telemetry"
)

// desk notes what reaches it, and answers with what it was told.
type desk struct {
	asked   *http.Request
	body    string
	bodyErr error
	answer  func(http.ResponseWriter)
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.asked = r
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
	d.body, d.bodyErr = string(body), err
	if d.answer != nil {
		d.answer(w)
	}
}

// invoke sends the payload through aws-lambda-go, as Lambda does.
func invoke(t *testing.T, d *desk, payload string) (answer events.APIGatewayV2HTTPResponse, log string, err error) {
	t.Helper()
	var written bytes.Buffer
	h := &handler{http: d, log: telemetry.NewLogger(&written, slog.LevelDebug)}
	result, err := lambda.NewHandler(h.handle).Invoke(t.Context(), []byte(payload))
	if err == nil {
		if err := json.Unmarshal(result, &answer); err != nil {
			t.Fatalf("decode the answer %s: %v", result, err)
		}
	}
	return answer, written.String(), err
}

// callback is what API Gateway makes of a provider's form post.
func callback(body string) string {
	return `{"version":"2.0","routeKey":"POST /consent/callback","rawPath":"/consent/callback","rawQueryString":"",
		"cookies":["__Host-consent-1=one","__Host-consent-2=two"],
		"headers":{"content-type":"application/x-www-form-urlencoded","accept-language":"da,en;q=0.5","x-forwarded-for":"192.0.2.1","cookie":"not=this"},
		"requestContext":{"domainName":"consent.example","http":{"method":"POST","path":"/consent/callback","sourceIp":"192.0.2.1"}},
		"body":"` + base64.StdEncoding.EncodeToString([]byte(body)) + `","isBase64Encoded":true}`
}

func TestFormPost(t *testing.T) {
	t.Parallel()
	d := &desk{}
	if _, _, err := invoke(t, d, callback("code=c&state=s%2B&id_token=i")); err != nil {
		t.Fatal(err)
	}
	r := d.asked
	if r.Method != http.MethodPost || r.URL.Path != "/consent/callback" || d.body != "code=c&state=s%2B&id_token=i" || d.bodyErr != nil {
		t.Errorf("%s %s with %q (%v), want the form as it was posted", r.Method, r.URL, d.body, d.bodyErr)
	}
	var cookies []string
	for _, cookie := range r.Cookies() {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	if want := []string{"__Host-consent-1=one", "__Host-consent-2=two"}; !slices.Equal(cookies, want) {
		t.Errorf("cookies %q, want %q", cookies, want)
	}
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Accept-Language") != "da,en;q=0.5" {
		t.Errorf("headers %v", r.Header)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	d := &desk{}
	if _, _, err := invoke(t, d, `{"version":"2.0","rawPath":"/consent","rawQueryString":"invite=a%2Fb&x=1&x=2","requestContext":{"http":{"method":"GET"}}}`); err != nil {
		t.Fatal(err)
	}
	if query := d.asked.URL.Query(); query.Get("invite") != "a/b" || len(query["x"]) != 2 || d.body != "" {
		t.Errorf("query %v and body %q", query, d.body)
	}
}

// Whoever reads a body limits it, and learns that it is no base64.
func TestBodies(t *testing.T) {
	t.Parallel()
	large := &desk{}
	if _, _, err := invoke(t, large, callback(strings.Repeat("x", 1<<20))); err != nil || large.bodyErr == nil || len(large.body) > 1<<16 {
		t.Errorf("a body of 1 MB: %d bytes read (%v), error %v; want the limit", len(large.body), large.bodyErr, err)
	}
	broken := &desk{}
	payload := `{"version":"2.0","rawPath":"/consent/callback","requestContext":{"http":{"method":"POST"}},"body":"%%%","isBase64Encoded":true}`
	if _, _, err := invoke(t, broken, payload); err != nil || broken.bodyErr == nil {
		t.Errorf("no base64: %v, read %v; want an error for the reader", err, broken.bodyErr)
	}
	plain := &desk{}
	payload = `{"version":"2.0","rawPath":"/consent/callback","requestContext":{"http":{"method":"POST"}},"body":"state=s"}`
	if _, _, err := invoke(t, plain, payload); err != nil || plain.body != "state=s" {
		t.Errorf("a body as text: %q (%v)", plain.body, err)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	d := &desk{answer: func(w http.ResponseWriter) {
		w.Header().Add("Vary", "Accept-Language")
		w.Header().Add("Vary", "Cookie")
		w.Header().Set("Location", "https://consent.example/consent/done")
		w.Header().Add("Set-Cookie", "a=1; Path=/")
		w.Header().Add("Set-Cookie", "b=2; Path=/")
		w.WriteHeader(http.StatusSeeOther)
		w.WriteHeader(http.StatusTeapot) // too late
		_, _ = io.WriteString(w, "tak, æøå")
	}}
	got, _, err := invoke(t, d, callback(""))
	want := events.APIGatewayV2HTTPResponse{
		StatusCode: http.StatusSeeOther, Body: "tak, æøå", Cookies: []string{"a=1; Path=/", "b=2; Path=/"},
		Headers: map[string]string{"Vary": "Accept-Language, Cookie", "Location": "https://consent.example/consent/done"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("answer (-want +got):\n%s%v", diff, err)
	}
}

func TestAnswerWithoutAStatus(t *testing.T) {
	t.Parallel()
	got, _, err := invoke(t, &desk{}, callback(""))
	if err != nil || got.StatusCode != http.StatusOK || got.Body != "" {
		t.Errorf("answer %+v (%v), want an empty 200, as net/http has it", got, err)
	}
}

func TestEventsThatAreNoRequests(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{
		`{}`, `{"action":"sweep"}`, `{"version":"1.0","httpMethod":"GET","path":"/consent"}`,
		`{"version":"2.0","rawPath":"/consent"}`, `{"version":"2.0","requestContext":{"http":{"method":"A B"}}}`,
	} {
		d := &desk{}
		if _, log, err := invoke(t, d, payload); err == nil || d.asked != nil || !strings.Contains(log, "event refused") {
			t.Errorf("%s: error %v, want it refused", payload, err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "/consent", "invite=x", "cookie", "a=b", "body", true)
	f.Add("POST", "//evil.example/%2e%2e", "%", "X-Forwarded-Host", "\r\nX: y", "%%%", false)
	f.Fuzz(func(t *testing.T, method, path, query, header, value, body string, encoded bool) {
		event := events.APIGatewayV2HTTPRequest{
			Version: "2.0", RawPath: path, RawQueryString: query, Headers: map[string]string{header: value},
			Cookies: []string{value}, Body: body, IsBase64Encoded: encoded,
		}
		event.RequestContext.HTTP.Method = method
		r, err := request(t.Context(), event)
		if err != nil {
			return
		}
		if r.Method != method || r.URL.Path != path || r.URL.Host != "" || r.URL.RawQuery != query {
			t.Errorf("%s %s, want %s %s?%s on no host", r.Method, r.URL, method, path, query)
		}
		_, _ = io.ReadAll(r.Body)
	})
}
