package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"token-refresher/internal/consent"
	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// inviteCommand is `tokens invite`.
type inviteCommand struct {
	Token    string        `arg:"" help:"Client and merchant, such as subscriptions/DK12345678."`
	ReturnTo string        `placeholder:"URL" help:"Where the merchant may go when it is done."`
	ValidFor time.Duration `default:"168h" placeholder:"DURATION" help:"How long the link works, 1m to 720h (default: ${default})."`
	operatorFlags
}

// Help implements kong's detailed help.
func (*inviteCommand) Help() string {
	return `Send the link to the merchant it is for and to nobody else: whoever opens it decides
with whose account the consent is given. It is refused once a newer consent stands.

  tokens invite subscriptions/DK12345678 --stack prod --valid-for 72h`
}

// Validate implements kong's check of a command's flags.
func (c *inviteCommand) Validate() error {
	if c.Token == "" {
		return nil // for kong to say
	}
	if err := checkMerchantID(c.Token); err != nil {
		return err
	}
	if c.ValidFor < operate.MinValidFor || c.ValidFor > operate.MaxValidFor {
		return errors.New("--valid-for: must be a duration from 1m to 720h, such as 72h")
	}
	if c.ReturnTo != "" {
		if err := consent.CheckReturnTo(c.ReturnTo); err != nil {
			return fmt.Errorf("--return-to: %w", err)
		}
	}
	return c.check()
}

// checkMerchantID demands an id such as consents and grants have.
func checkMerchantID(text string) error {
	id, err := token.ParseID(text)
	if err == nil && id.Merchant == "" {
		err = errors.New("name client and merchant, such as subscriptions/DK12345678")
	}
	return err
}

// Run prints the link alone.
func (c *inviteCommand) Run(ctx context.Context, con console) error {
	id, _ := token.ParseID(c.Token) // checked by Validate
	event := map[string]any{
		"action": "invite", "client": id.Client, "merchant": id.Merchant, "valid_for": c.ValidFor.String(),
	}
	if c.ReturnTo != "" {
		event["return_to"] = c.ReturnTo
	}
	var answer operate.Invitation
	if err := c.ask(ctx, con, event, &answer); err != nil {
		return err
	}
	if address, err := url.Parse(answer.URL); err != nil || address.Host == "" || strings.ContainsFunc(answer.URL, unlikely) {
		return errors.New("what came is no link")
	}
	if isTerminal(con.out) {
		con.note("a link for %s, good until %s:", id, clock(answer.ExpiresAt))
	}
	return con.answer(answer, func(w io.Writer) { fmt.Fprintln(w, answer.URL) })
}
