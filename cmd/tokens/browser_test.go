package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"token-refresher/internal/app"
	"token-refresher/internal/consent"
	"token-refresher/internal/consent/page"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

const (
	donePath = "/consent/done"
	shop     = "https://shop.example/" // where merchants come from
)

// site is a sandbox and a browser to visit it with.
type site struct {
	*running
	state    string // its folder
	browser  context.Context
	merchant atomic.Int32
}

// TestBrowser lets merchants consent in Chromium, through the shipped functions,
// an API like the stack's and a provider on another site. It is not parallel:
// other tests count the sandbox's processes.
func TestBrowser(t *testing.T) { //nolint:paralleltest // see above
	s := &site{browser: chromium(t), state: t.TempDir()}
	s.running = start(t, s.state, "--speed=60", "--provider=localhost:0")
	for name, visit := range map[string]func(*site, *testing.T){
		"consent":                     (*site).testConsent,
		"declined":                    (*site).testDeclined,
		"expired link":                (*site).testExpired,
		"two tabs":                    (*site).testTwoTabs,
		"many attempts":               (*site).testManyAttempts,
		"status page":                 (*site).testStatusPage,
		"cookie goes across sites":    (*site).testCookie,
		"cookie that stays on a site": (*site).testLaxCookie,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			visit(s, t)
		})
	}
}

// newcomer is a merchant that no client knows.
func (s *site) newcomer() token.ID {
	return token.ID{Client: shortClient, Merchant: fmt.Sprintf("FI%08d", s.merchant.Add(1))}
}

// link is an invite of that age; all work for an hour, and have the longest way
// back that there is.
func (s *site) link(t *testing.T, id token.ID, age time.Duration) string {
	t.Helper()
	store, err := secretstore.New(secretstore.Config{Client: secretstore.NewClient(operatorConfig(s.facts.AWS, nil)), Prefix: secretPrefix})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := app.NewInviteSealer(store)
	if err != nil {
		t.Fatal(err)
	}
	inviter, err := consent.NewInviter(consent.InviterConfig{PublicURL: s.facts.Page, Seal: sealer})
	if err != nil {
		t.Fatal(err)
	}
	issued := time.Now().Add(-age)
	link, err := inviter.NewInvite(t.Context(), consent.Invite{
		ID: id, IssuedAt: issued, ExpiresAt: issued.Add(time.Hour),
		ReturnTo: shop + strings.Repeat("x", consent.MaxReturnTo-len(shop)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// testConsent goes from the link that the sandbox prints to a token, and then
// does what merchants do: reload, go back, say yes once more, open the link once
// more. The code is exchanged once.
func (s *site) testConsent(t *testing.T) {
	id := token.ID{Client: shortClient, Merchant: newMerchant}
	b := s.visitor(t, "")
	b.open(s.facts.Consent)
	b.consents()
	b.awaitPage(donePath, page.Done)
	s.accessToken(t, id)

	b.do("reload", chromedp.Reload())
	b.awaitPage(donePath, page.Done)
	b.back()
	b.awaitPath(authserver.ConsentPath)
	b.press("yes")
	b.awaitPage(donePath, page.Done)
	s.checkCodes(t, id, 1)

	b.open(s.facts.Consent)
	b.awaitPage("/consent", page.Already)
	s.checkCodes(t, id, 1)

	stranger := s.visitor(t, "")
	stranger.open(s.facts.Page + donePath)
	stranger.awaitPage(donePath, page.Closed)
}

// testDeclined says no, reloads the page that says so, which posts the answer
// again, and then thinks better of it.
func (s *site) testDeclined(t *testing.T) {
	id := s.newcomer()
	b, link := s.visitor(t, ""), s.link(t, id, 0)
	b.open(link)
	b.logsIn()
	b.press("no")
	b.awaitPage(callbackPath, page.Declined)
	b.do("reload", chromedp.Reload())
	b.awaitPage(callbackPath, page.Declined)
	s.checkCodes(t, id, 0)

	b.open(link)
	b.awaitPath(authserver.ConsentPath)
	b.press("yes")
	b.awaitPage(donePath, page.Done)
	if _, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(`a[href^="`+shop+`"]`))); err != nil {
		t.Errorf("the way back: %v", err)
	}
	s.checkCodes(t, id, 1)
	s.accessToken(t, id)
}

func (s *site) testExpired(t *testing.T) {
	id := s.newcomer()
	b := s.visitor(t, "")
	b.open(s.link(t, id, 2*time.Hour))
	b.awaitPage("/consent", page.Expired)
	s.checkCodes(t, id, 0)
}

// testTwoTabs opens the link twice: each tab has an attempt of its own, and the
// later consent stands.
func (s *site) testTwoTabs(t *testing.T) {
	id := s.newcomer()
	first, link := s.visitor(t, ""), s.link(t, id, 0)
	first.open(link)
	second := first.beside()
	second.open(link)
	first.consents()
	first.awaitPage(donePath, page.Done)
	second.consents()
	second.awaitPage(donePath, page.Done)
	s.checkCodes(t, id, 2)
	s.accessToken(t, id)
}

// checkCodes demands that the merchant's codes were brought to the provider once
// each, and that there are so many.
func (s *site) checkCodes(t *testing.T, id token.ID, want int) {
	t.Helper()
	var all []struct {
		Merchant  string
		Presented int
		Exchanged bool
	}
	s.call(t, http.MethodGet, s.facts.Provider+authserver.CodesPath, nil, &all)
	found := 0
	for _, code := range all {
		if code.Merchant != id.Merchant {
			continue
		}
		found++
		if code.Presented != 1 || !code.Exchanged {
			t.Errorf("a code of %s: presented %d times, exchanged %v; want once", id, code.Presented, code.Exchanged)
		}
	}
	if found != want {
		t.Errorf("codes of %s: got %d, want %d", id, found, want)
	}
}
