package main

import (
	"testing"

	"github.com/chromedp/chromedp"

	"token-refresher/internal/consent/page"
)

// testStatusPage invites a merchant with the page's form, takes the consent back
// with its button, and heals it with a new invitation.
func (s *site) testStatusPage(t *testing.T) {
	id := s.newcomer()
	b, merchant := s.visitor(t, ""), s.visitor(t, "")
	b.open(s.facts.Page)
	group := `section[aria-labelledby="client-` + id.Client + `"]`
	b.do("invite", chromedp.SendKeys(chromedp.CSS(group+" form.invite input"), id.Merchant+"\r"))
	merchant.open(b.href(group + " form.invite .answer a"))
	merchant.consents()
	merchant.awaitPage(donePath, page.Done)
	s.accessToken(t, id)

	waiting := chromedp.Search(`//li[.//button[@aria-label="Invite: ` + id.String() + `"]]//span[@class="state"][.="consent required"]`)
	b.pushes(`[aria-label="Revoke at the provider: ` + id.String() + `"]`)
	b.do("await the merchant's turn", chromedp.WaitVisible(waiting))
	b.shoot("status")
	b.pushes(`[aria-label="Invite: ` + id.String() + `"]`)
	merchant.open(b.href(`li.token .answer a`))
	merchant.press("yes") // it is still logged in
	merchant.awaitPage(donePath, page.Done)
	b.do("await the token", chromedp.WaitNotPresent(waiting))
	s.accessToken(t, id)
}

// pushes clicks a button of the status page, whose cards move about meanwhile.
func (b tab) pushes(selector string) {
	b.t.Helper()
	b.do("await "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	b.script("push "+selector, "document.querySelector(`"+selector+"`).click(), 0")
}

// href is where a link leads, once it is there.
func (b tab) href(selector string) string {
	b.t.Helper()
	link, err := chromedp.Run(b.ctx, chromedp.AttributeValue(chromedp.CSS(selector), "href"))
	if err != nil {
		b.t.Fatalf("the link %s: %v", selector, err)
	}
	return link.Value
}
