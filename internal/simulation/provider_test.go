package simulation_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	known "token-refresher/internal/provider"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// providerCall is about how long a refresh lasts.
const providerCall = 400 * time.Millisecond

// provider is an authorization server with one-time refresh tokens and reuse
// detection: a spent token that turns up again revokes the whole family, which
// is all that came from one consent.
type provider struct {
	pace  *pace
	watch *watch
	mu    sync.Mutex

	oauth     *oauth.Client
	parsed    map[string]known.Provider // by client
	lifetimes map[string]time.Duration  // by client
	live      map[token.ID]string       // the refresh token that is accepted; "" once revoked
	inUse     map[string]bool           // refresh tokens in a request right now
	serial    map[token.ID]int
	family    map[token.ID]int
	refreshes int
	revoked   int // families

	answer func(id token.ID) verdict // nil: with a token
	steps  *steps                    // nil: nobody dies
}

// verdict is what becomes of one request.
type verdict struct {
	status    int  // 0: a token
	processed bool // status comes after the token was rotated
}

func newProvider(t *testing.T, pace *pace, w *watch) *provider {
	t.Helper()
	p := &provider{
		pace: pace, watch: w, parsed: map[string]known.Provider{}, lifetimes: map[string]time.Duration{},
		live: map[token.ID]string{}, inUse: map[string]bool{}, serial: map[token.ID]int{}, family: map[token.ID]int{},
	}
	var err error
	if p.oauth, err = oauth.New(oauth.Config{Transport: p}); err != nil {
		t.Fatalf("oauth.New: %v", err)
	}
	return p
}

// consent gives the merchant's first refresh token.
func (p *provider) consent(id token.ID) token.Secret {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.family[id]++
	return token.NewSecret(p.next(id))
}

func (p *provider) next(id token.ID) string {
	p.serial[id]++
	p.live[id] = fmt.Sprintf("rt %s/%d %d", id, p.family[id], p.serial[id])
	return p.live[id]
}

// isLive reports whether the provider would accept the refresh token.
func (p *provider) isLive(id token.ID, refreshToken token.Secret) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live[id] != "" && p.live[id] == refreshToken.Reveal()
}

// endpoint is one client's way to the provider: the client of package oauth, over
// a transport in memory.
type endpoint struct {
	*provider
	client string
	use    token.Use
}

func (e endpoint) Provider() string { return tokenEndpoint(e.client) }
func (e endpoint) Use() token.Use   { return e.use }
func (e endpoint) Latch(s token.Secret) token.Fingerprint {
	return token.FingerprintOf(token.NewSecret(s.Reveal() + e.client))
}

func (e endpoint) Refresh(ctx context.Context, g token.Grant) (refresh.Refreshed, error) {
	credentials := token.Credentials{Client: e.client, ClientID: e.client, ClientSecret: token.NewSecret("s")}
	answer, err := e.oauth.Refresh(ctx, e.parsed[e.client], credentials, g)
	if err != nil {
		return refresh.Refreshed{}, err
	}
	g.RefreshToken = answer.RefreshToken
	issued := answer.IssuedAt.Truncate(time.Second)
	return refresh.Refreshed{Grant: g, Access: token.AccessToken{
		ID: g.ID, Value: answer.AccessToken, Type: answer.TokenType, IssuedAt: issued, ExpiresAt: issued.Add(answer.ExpiresIn),
	}}, nil
}

const host = "provider.example"

func tokenEndpoint(client string) string { return "https://" + host + "/" + client + "/token" }

// addClient makes a client known whose access tokens live that long.
func (p *provider) addClient(client string, lifetime time.Duration) error {
	hosts, err := known.NewHosts([]string{host})
	if err != nil {
		return err
	}
	p.lifetimes[client] = lifetime
	p.parsed[client], err = known.Parse(fmt.Appendf(nil, `{"grant_type":"authorization_code","issuer":"https://%s",
		"token_endpoint":%q,"authorization_endpoint":"https://%s/authorize","jwks_uri":"https://%s/jwks",
		"token_endpoint_auth_method":"client_secret_post","merchant_parameter":"merchant_vat"}`, host, tokenEndpoint(client), host, host), hosts)
	return err
}

// RoundTrip implements http.RoundTripper: it is the provider's token endpoint.
func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	sent := form.Get("refresh_token")
	name, _, _ := strings.Cut(strings.TrimPrefix(sent, "rt "), " ")
	parts := strings.Split(name, "/") // client/merchant/family
	id := token.ID{Client: parts[0], Merchant: parts[1]}
	if status := p.steps.refuses("refresh"); status != 0 {
		return respond(r, status, "<html>"), nil
	}
	v := p.arrive(id, sent)
	p.pace.take(r.Context(), providerCall, "refresh", id.String())
	next, ok := p.process(id, sent, v)
	if p.steps.loses() {
		return respond(r, http.StatusBadGateway, "<html>"), nil
	}
	switch {
	case v.status != 0:
		return respond(r, v.status, "<html>"), nil
	case !ok:
		return respond(r, http.StatusBadRequest, `{"error":"invalid_grant"}`), nil
	}
	return respond(r, http.StatusOK, fmt.Sprintf(`{"access_token":"at %s","token_type":"Bearer","expires_in":%d,"refresh_token":%q}`,
		next, int(p.lifetimes[id.Client].Seconds()), next)), nil
}

func respond(r *http.Request, status int, body string) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	if strings.HasPrefix(body, "<") {
		header.Set("Content-Type", "text/html")
	}
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1,
	}
}

func (p *provider) arrive(id token.ID, sent string) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inUse[sent] {
		p.watch.violated("%s: one refresh token is in two live requests", id)
	}
	p.inUse[sent] = true
	p.refreshes++
	p.pace.record("refresh %s with %s", id, sent)
	if p.answer == nil {
		return verdict{}
	}
	return p.answer(id)
}

// revoke is the revocation endpoint. A token that is not live is none of its
// business.
func (p *provider) revoke(ctx context.Context, g token.Grant) error {
	p.pace.take(ctx, providerCall, "revoke", g.ID.String())
	if err := p.steps.begin("revoke"); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.record("revoke %s", g.RefreshToken.Reveal())
	if p.live[g.ID] == g.RefreshToken.Reveal() {
		p.live[g.ID] = ""
	}
	return p.steps.end()
}

// process rotates the token, or revokes the family of a spent one.
func (p *provider) process(id token.ID, sent string, v verdict) (next string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.inUse, sent)
	if v.status != 0 && !v.processed {
		return "", false
	}
	if p.live[id] != sent {
		if strings.HasPrefix(sent, fmt.Sprintf("rt %s/%d ", id, p.family[id])) && p.live[id] != "" {
			p.live[id] = ""
			p.revoked++
			p.watch.violated("%s: a spent refresh token was sent, and its family revoked", id)
		}
		return "", false
	}
	return p.next(id), true
}
