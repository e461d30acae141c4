package consent_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/token"
)

// provider is a Client with the provider behind it: it remembers what it was
// asked for, issues codes for it, and exchanges each once.
type provider struct {
	mu          sync.Mutex
	issuer      string
	asked       []consent.Authorization
	codes       map[string]consent.Authorization
	redeemed    []consent.Redemption
	deadline    time.Time // of the last exchange
	readied     int
	lookedUp    int
	now         func() time.Time
	lookupErr   error
	lookupTakes time.Duration
	readyErr    error
	addressErr  error
	verifyErr   error
	redeemErr   error
}

func (p *provider) Client(ctx context.Context, name string) (consent.Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lookedUp++
	select {
	case <-time.After(p.lookupTakes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.lookupErr != nil {
		return nil, p.lookupErr
	}
	if name != merchant().Client {
		return nil, consent.ErrUnknownClient
	}
	return p, nil
}

func (p *provider) Issuer() string { return p.issuer }

func (*provider) CheckMerchant(m string) error {
	if !strings.HasPrefix(m, "DK") {
		return errors.New("it must begin with DK")
	}
	return nil
}

func (p *provider) Ready(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readied++
	return p.readyErr
}

func (p *provider) AuthorizationURL(_ context.Context, a consent.Authorization) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.addressErr != nil {
		return "", p.addressErr
	}
	p.asked = append(p.asked, a)
	return "https://provider.example/authorize?" + url.Values{
		"state": {a.State}, "nonce": {a.Nonce}, "code_challenge": {a.Challenge},
	}.Encode(), nil
}

// idToken is one that the provider would accept as its own: it lives five
// minutes and names nonce and code.
func (p *provider) idToken(nonce, code string) string {
	return strings.Join([]string{"id", nonce, code, p.now().Add(5 * time.Minute).Format(time.RFC3339)}, "|")
}

func (p *provider) VerifyFront(_ context.Context, r consent.Response) (consent.Identity, error) {
	if p.verifyErr != nil {
		return consent.Identity{}, p.verifyErr
	}
	parts := strings.Split(r.IDToken.Reveal(), "|")
	if len(parts) != 4 {
		return consent.Identity{}, &consent.Flaw{Check: "malformed"}
	}
	expiry, err := time.Parse(time.RFC3339, parts[3])
	switch {
	case err != nil, !p.now().Before(expiry):
		return consent.Identity{}, &consent.Flaw{Check: "exp"}
	case parts[1] != r.Nonce:
		return consent.Identity{}, &consent.Flaw{Check: "nonce"}
	case parts[2] != r.Code.Reveal():
		return consent.Identity{}, &consent.Flaw{Check: "c_hash"}
	}
	return consent.Identity{Issuer: issuer, Subject: "merchant-7"}, nil
}

func (p *provider) Redeem(ctx context.Context, r consent.Redemption) (token.Grant, token.AccessToken, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.redeemed = append(p.redeemed, r)
	p.deadline, _ = ctx.Deadline()
	sum := sha256.Sum256([]byte(r.Verifier.Reveal()))
	a, ok := p.codes[r.Code.Reveal()]
	switch {
	case ctx.Err() != nil:
		return token.Grant{}, token.AccessToken{}, ctx.Err()
	case p.redeemErr != nil:
		return token.Grant{}, token.AccessToken{}, p.redeemErr
	case !ok, base64.RawURLEncoding.EncodeToString(sum[:]) != a.Challenge, r.RedirectURI != a.RedirectURI:
		return token.Grant{}, token.AccessToken{}, errors.New("invalid_grant")
	}
	delete(p.codes, r.Code.Reveal())
	return token.Grant{ID: r.ID, RefreshToken: token.NewSecret("refresh-token"), ConsentedAt: p.now()}, token.AccessToken{}, nil
}

// approve is the merchant's yes: the response to the last authorization request.
func (p *provider) approve(code string) url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.asked[len(p.asked)-1]
	p.codes[code] = a
	return url.Values{"state": {a.State}, "code": {code}, "id_token": {p.idToken(a.Nonce, code)}, "scope": {"openid"}}
}

// rows is a Journal and an Exchanger over one entry.
type rows struct {
	mu            sync.Mutex
	entry         token.Entry
	stored        int // writes
	getErr        error
	getHangs      bool
	exchangeErr   error // before anything is sent
	exchangeHangs bool
	outcome       string        // recorded by somebody else, whatever is sent
	wait          time.Duration // for the lease
}

func (r *rows) Get(ctx context.Context, _ token.ID) (token.Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.getHangs:
		<-ctx.Done()
		return token.Entry{}, ctx.Err()
	case r.getErr != nil:
		return token.Entry{}, r.getErr
	case r.entry.ID == token.ID{}:
		return token.Entry{}, token.ErrNotFound
	}
	return r.entry, nil
}

func (r *rows) Exchange(ctx context.Context, id token.ID, attempt token.Fingerprint, redeem consent.Redeem) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.exchangeHangs {
		<-ctx.Done()
		return "", ctx.Err()
	}
	if r.exchangeErr != nil || r.outcome != "" {
		return r.outcome, r.exchangeErr
	}
	if made, known := r.entry.Exchange(attempt); known {
		return made.Outcome, nil
	}
	r.stored++
	r.entry.ID = id
	r.entry.Exchanges = append(r.entry.Exchanges, token.Exchange{Attempt: attempt, At: time.Now()})
	time.Sleep(r.wait) // in a bubble
	grant, _, err := redeem(ctx)
	outcome := token.ExchangeDone
	if err != nil {
		outcome = token.ExchangeRefused
	} else {
		r.entry.Grant = grant
	}
	r.entry = r.entry.EndExchange(attempt, outcome)
	return outcome, err
}
