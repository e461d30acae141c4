package main

import (
	"testing"

	"github.com/chromedp/chromedp"

	"token-refresher/internal/consent/page"
)

// testStatusPage invites a merchant with the page's form, as the operator
// function has it, and takes the consent back with its button.
func (s *site) testStatusPage(t *testing.T) {
	id := s.newcomer()
	group := `section[aria-labelledby="client-` + id.Client + `"] `
	b := s.visitor(t, "")
	b.open(s.facts.Page)
	b.do("invite", chromedp.SendKeys(chromedp.CSS(group+"form.invite input"), id.Merchant+"\r"))
	link, err := chromedp.Run(b.ctx, chromedp.AttributeValue(chromedp.CSS(group+"form.invite .answer a"), "href"))
	if err != nil {
		t.Fatalf("the link: %v", err)
	}
	merchant := s.visitor(t, "")
	merchant.open(link.Value)
	merchant.consents()
	merchant.awaitPage(donePath, page.Done)
	s.accessToken(t, id)

	b.do("revoke", chromedp.Click(chromedp.CSS(`button[aria-label="Revoke at the provider: `+id.String()+`"]`)))
	b.do("await the merchant's turn", chromedp.WaitVisible(chromedp.Search(
		`//li[.//button[@aria-label="Invite: `+id.String()+`"]]//span[@class="state"][.="consent required"]`)))
	b.shoot("status")
}
