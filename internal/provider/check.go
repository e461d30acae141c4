package provider

import (
	"errors"
	"fmt"

	"token-refresher/internal/token"
)

// Check reports everything in the credentials that this provider could not be
// asked with, by field, or nil. No value is shown.
func (p Provider) Check(c token.Credentials) error {
	var faults faults
	if p.TokenRequest == RequestForm && p.AuthMethod != AuthNone && c.ClientSecret.Empty() {
		faults.add(fieldClientSecret, "is missing: the provider authenticates by "+string(p.AuthMethod))
	}
	// Whether a merchant is named decides if a header is left out, not whether
	// its other fields are there: filling for none finds every fault.
	if _, err := p.Headers(c, ""); err != nil {
		faults = append(faults, err.Error())
	}
	p.checkMerchants(&faults, c)
	checkScopes(&faults, c.Scopes)
	if p.TokenRequest == RequestHeaders && len(c.Scopes) > 0 {
		faults.add("scopes", "cannot be sent: the provider's token request has an empty body")
	}
	return faults.err()
}

func (p Provider) checkMerchants(faults *faults, c token.Credentials) {
	if p.GrantType != token.GrantTypeClientCredentials {
		return
	}
	if !c.Unbound && len(c.Merchants) == 0 {
		faults.add("unbound", "is false and merchants is empty: there would be no token to get")
	}
	if len(c.Merchants) > 0 && !p.namesMerchant() {
		faults.add("merchants", untellable)
		return
	}
	for i, merchant := range c.Merchants {
		if err := p.CheckMerchant(merchant); err != nil {
			faults.add(fmt.Sprintf("merchants[%d]", i), err.Error())
		}
	}
}

// untellable would otherwise end as a token that is bound to no merchant under
// a merchant's name.
const untellable = "cannot be told to this provider: it has neither a merchant_parameter nor a header with {merchant}"

// CheckMerchant reports why the provider cannot be asked for a token that is
// bound to this merchant, or nil.
func (p Provider) CheckMerchant(merchant string) error {
	if !p.namesMerchant() {
		return errors.New(untellable)
	}
	if !p.MerchantPattern.MatchString(merchant) {
		return fmt.Errorf("does not match the provider's merchant_pattern %s", unanchored(p.MerchantPattern))
	}
	return nil
}
