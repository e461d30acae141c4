package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/consent"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/token"
)

// browser is a merchant's, with its cookies.
type browser struct {
	*consentWorld
	id      token.ID
	cookies map[string]string
	asked   string // the last authorization request
}

// visit is a browser of a merchant that was never here.
func (w *consentWorld) visit() *browser {
	w.merchant++
	return w.again(token.ID{Client: "shop", Merchant: fmt.Sprintf("DK%08d", w.merchant)})
}

// again is another browser of a merchant.
func (w *consentWorld) again(id token.ID) *browser {
	return &browser{consentWorld: w, id: id, cookies: map[string]string{}}
}

// dress puts the browser's cookies on a request.
func (b *browser) dress(r *http.Request) *http.Request {
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: b.cookies[name]})
	}
	return r
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	b.dress(r)
	got := httptest.NewRecorder()
	b.handler.ServeHTTP(got, r)
	for _, c := range got.Result().Cookies() {
		b.begun = append(b.begun, c.Value)
		if delete(b.cookies, c.Name); c.MaxAge > 0 {
			b.cookies[c.Name] = c.Value
		}
	}
	return got
}

func (b *browser) get(target string) *httptest.ResponseRecorder {
	return b.do(httptest.NewRequest(http.MethodGet, target, nil))
}

func (b *browser) post(form url.Values) *httptest.ResponseRecorder { return b.do(callback(form)) }

// callback is a response as the provider's page lets the browser post it.
func callback(form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, consentURL+"/consent/callback", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// invite returns a link of that age.
func (b *browser) invite(t *testing.T, age time.Duration) string {
	t.Helper()
	issued := time.Now().Add(-age)
	link, err := b.inviter.NewInvite(t.Context(), consent.Invite{ID: b.id, ReturnTo: consentHome, IssuedAt: issued, ExpiresAt: issued.Add(time.Hour)})
	if err != nil {
		t.Fatalf("NewInvite: %v", err)
	}
	_, text, _ := strings.Cut(link, "=")
	b.begun = append(b.begun, text)
	return link
}

// begin opens an invite and stops at the provider.
func (b *browser) begin(t *testing.T) {
	t.Helper()
	got := b.get(b.invite(t, 0))
	if b.asked = got.Header().Get("Location"); got.Code != http.StatusSeeOther || b.asked == "" {
		t.Fatalf("begin: got status %d, want a redirect to the provider\n%s", got.Code, b.log)
	}
	query := mustParse(t, b.asked).Query()
	b.begun = append(b.begun, query.Get("state"), query.Get("nonce"), query.Get("code_challenge"))
}

// consented begins, says yes at the provider, and returns what that posts.
func (b *browser) consented(t *testing.T) url.Values {
	t.Helper()
	b.begin(t)
	return b.approve(t, b.provider)
}

func (b *browser) approve(t *testing.T, at *authserver.Server) url.Values {
	t.Helper()
	post, err := at.Approve(b.asked)
	if err != nil {
		t.Fatalf("Approve: %v", err)
	}
	if post.RedirectURI != consentURL+"/consent/callback" {
		t.Fatalf("the provider posts to %s", post.RedirectURI)
	}
	return post.Values
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatalf("parse a URL: %v", err)
	}
	return parsed
}

// presented is how often codes of the merchant were brought to the provider.
func (b *browser) presented() (times int) {
	for _, server := range []*authserver.Server{b.provider, b.other} {
		for _, code := range server.Codes() {
			if code.Merchant == b.id.Merchant {
				times += code.Presented
			}
		}
	}
	return times
}

// grantSecret is the merchant's grant as it is published, or empty.
func (b *browser) grantSecret(t *testing.T) string {
	t.Helper()
	out, err := b.secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("mobilepay/" + b.id.String() + "/grant")})
	if err != nil {
		return ""
	}
	return aws.ToString(out.SecretString)
}
