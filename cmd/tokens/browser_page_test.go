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

	card := `//li[.//button[@aria-label="Invite: ` + id.String() + `"]]`
	waiting := chromedp.Search(card + `//span[@class="state"][.="consent required"]`)
	b.do("revoke", chromedp.Click(chromedp.CSS(`button[aria-label="Revoke at the provider: `+id.String()+`"]`)))
	b.do("await the merchant's turn", chromedp.WaitVisible(waiting))
	b.shoot("status")
	b.do("invite again", chromedp.Click(chromedp.Search(card+`//button[1]`)))
	merchant.open(b.href(`li.token .answer a`))
	merchant.press("yes") // it is still logged in
	merchant.awaitPage(donePath, page.Done)
	b.do("await the token", chromedp.WaitNotPresent(waiting))
	s.accessToken(t, id)
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
