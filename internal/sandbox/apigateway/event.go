package apigateway

import (
	"crypto/rand"
	"encoding/base64"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

const (
	payloadVersion = "2.0"
	stage          = "$default"
	account        = "000000000000"
	apiID          = "sandbox"
	requestIDLen   = 11 // bytes
)

type event = events.APIGatewayV2HTTPRequest

// newEvent is the event that a request becomes. Cookies have a field of their
// own; of any other header the values are joined.
func newEvent(r *http.Request, route string, body []byte) event {
	now := time.Now().UTC()
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	host, _, _ := strings.Cut(r.Host, ":")
	domain, _, _ := strings.Cut(host, ".")
	e := event{
		Version: payloadVersion, RouteKey: route,
		RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery,
		Cookies: cookies(r), Headers: headers(r, source), QueryStringParameters: parameters(r),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: route, AccountID: account, Stage: stage, RequestID: newRequestID(), APIID: apiID,
			DomainName: host, DomainPrefix: domain,
			Time: now.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.EscapedPath(), Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
	}
	e.Body, e.IsBase64Encoded = string(body), len(body) > 0 && !isText(r.Header.Get("Content-Type"))
	if e.IsBase64Encoded {
		e.Body = base64.StdEncoding.EncodeToString(body)
	}
	return e
}

// isText reports whether the service passes a body of that type on as it is. A
// form is not among the types.
func isText(contentType string) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType) // a type that is none is no text
	switch mediaType {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(mediaType, "text/")
}

// headers are the request's, in lower case, with those that the service adds.
func headers(r *http.Request, source string) map[string]string {
	all := map[string]string{}
	for name, values := range r.Header {
		all[strings.ToLower(name)] = strings.Join(values, ",")
	}
	for _, name := range []string{"cookie", "connection", "keep-alive", "te", "upgrade", "proxy-connection"} {
		delete(all, name)
	}
	_, port, _ := net.SplitHostPort(r.Host)
	forwarded := append(r.Header.Values("X-Forwarded-For"), source)
	all["host"] = r.Host
	all["x-forwarded-for"] = strings.Join(forwarded, ", ")
	all["x-forwarded-proto"], all["x-forwarded-port"] = "http", port
	return all
}

func cookies(r *http.Request) (pairs []string) {
	for _, header := range r.Header.Values("Cookie") {
		for pair := range strings.SplitSeq(header, ";") {
			if pair = strings.TrimSpace(pair); pair != "" {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

func parameters(r *http.Request) map[string]string {
	all := map[string]string{}
	for name, values := range r.URL.Query() {
		all[name] = strings.Join(values, ",")
	}
	return all
}

// newRequestID looks like one of the service's: JKJaXmPLvHcESHA=.
func newRequestID() string {
	id := make([]byte, requestIDLen)
	_, _ = rand.Read(id) // never fails (crypto/rand)
	return base64.URLEncoding.EncodeToString(id)
}
