package stack_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// takeConsents lets merchants consent through the consent function, as browsers
// and the API would: one who never did, and one whose secrets were deleted.
func (r *rig) takeConsents(t *testing.T) {
	t.Helper()
	const returning = "DK00000007"
	r.takeConsent(t, longClient, "DK00000006")
	r.consent(t, longClient, returning)
	r.create(t, "mobilepay/"+longClient+"/"+returning+"/access-token", oldToken(longClient, returning), map[string]string{
		"client": longClient, "kind": "access-token", "grant-type": consented,
	})
	r.deleteSecret(t, "mobilepay/"+longClient+"/"+returning+"/grant")
	r.deleteSecret(t, "mobilepay/"+longClient+"/"+returning+"/access-token")
	r.takeConsent(t, longClient, returning)
}

// takeConsent is one consent. It returns how to send its callback once more.
func (r *rig) takeConsent(t *testing.T, client, merchant string) (again func() httpAnswer) {
	t.Helper()
	var invite struct{ URL string }
	r.invoke(t, "OperatorFunction", []byte(encode(t, map[string]string{"action": "invite", "client": client, "merchant": merchant})), &invite)
	link, err := url.Parse(invite.URL)
	if err != nil || !strings.HasPrefix(invite.URL, publicURL+"/consent?invite=") {
		t.Fatalf("the invite is no link to this stack")
	}
	begun := r.request(t, httpEvent{method: http.MethodGet, path: link.Path, query: link.RawQuery})
	if begun.StatusCode != http.StatusSeeOther {
		t.Fatalf("the link answers %d, want a redirect\n%s", begun.StatusCode, r.log.end())
	}
	form, err := r.provider.Approve(begun.header("Location"))
	if err != nil {
		t.Fatalf("Approve: %v", err)
	}
	callback := httpEvent{method: http.MethodPost, path: "/consent/callback", cookies: begun.pairs(), form: form.Values.Encode()}
	done := r.request(t, callback)
	if done.StatusCode != http.StatusSeeOther || done.header("Location") != publicURL+"/consent/done" {
		t.Fatalf("the callback answers %d, want a redirect to the last page\n%s", done.StatusCode, r.log.end())
	}
	return func() httpAnswer { return r.request(t, callback) }
}

// httpEvent is a request as the API passes it on.
type httpEvent struct {
	method, path, query, form string
	cookies                   []string
}

// httpAnswer is what the API makes a response of.
type httpAnswer struct {
	StatusCode int
	Headers    map[string]string
	Cookies    []string
}

func (a httpAnswer) header(name string) string {
	for key, value := range a.Headers {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// pairs are the cookies as a browser sends them back.
func (a httpAnswer) pairs() (pairs []string) {
	for _, cookie := range a.Cookies {
		pair, _, _ := strings.Cut(cookie, ";")
		pairs = append(pairs, pair)
	}
	return pairs
}

// request sends one of the files in events/ with other values.
func (r *rig) request(t *testing.T, e httpEvent) httpAnswer {
	t.Helper()
	file := "../../events/consent-begin.json"
	if e.method == http.MethodPost {
		file = "../../events/consent-callback.json"
	}
	event := readEvent(t, file)
	event["rawPath"], event["rawQueryString"], event["cookies"] = e.path, e.query, e.cookies
	delete(event, "queryStringParameters")
	if e.form != "" {
		event["body"] = base64.StdEncoding.EncodeToString([]byte(e.form))
	}
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	var answer httpAnswer
	r.invoke(t, "ConsentFunction", payload, &answer)
	return answer
}
