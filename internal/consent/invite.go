package consent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// ErrInvalidInvite is wrapped by an error that tells an operator what is wrong
// with the invite that was asked for.
var ErrInvalidInvite = errors.New("invalid invite")

// Invite asks one merchant to consent to one client. Whoever has it can begin a
// consent and learns nothing from it; only the merchant can give one, at the
// provider.
type Invite struct {
	ID        token.ID
	ReturnTo  string // where the merchant is offered to go afterwards; may be empty
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// check reports what is wrong with the invite, or nil.
func (i Invite) check() error {
	err := i.ID.Check()
	switch {
	case err != nil:
		return err
	case i.ID.Merchant == "":
		return errors.New("it names no merchant")
	case i.IssuedAt.IsZero(), !i.ExpiresAt.After(i.IssuedAt):
		return errors.New("it must expire after it was issued")
	case i.ReturnTo != "":
		return CheckReturnTo(i.ReturnTo)
	}
	return nil
}

// inviteWire is an invite as it is sealed.
type inviteWire struct {
	Client    string    `json:"client"`
	Merchant  string    `json:"merchant"`
	ReturnTo  string    `json:"return_to,omitempty"`
	IssuedAt  time.Time `json:"issued_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func inviteLabel() seal.Label { return seal.Label{Purpose: "invite"} }

// InviterConfig is what an Inviter is made of. Both fields are required.
type InviterConfig struct {
	PublicURL string       // as of Config
	Seal      *seal.Sealer // as of Config
}

// Inviter makes invites that the handler with the same key accepts. It is safe
// for concurrent use.
type Inviter struct {
	publicURL string
	seal      *seal.Sealer
}

// NewInviter makes an Inviter. It reads no key yet.
func NewInviter(c InviterConfig) (*Inviter, error) {
	if c.Seal == nil {
		return nil, errors.New("consent: invites need a key to seal with")
	}
	if err := CheckOrigin(c.PublicURL); err != nil {
		return nil, fmt.Errorf("consent: %w", err)
	}
	return &Inviter{publicURL: c.PublicURL, seal: c.Seal}, nil
}

// NewInvite returns the link that is sent to the merchant. Whether client and
// merchant exist is for the caller to check. Errors: ErrInvalidInvite, and those
// of seal.Sealer.Seal.
func (i *Inviter) NewInvite(ctx context.Context, invite Invite) (link string, err error) {
	if err := invite.check(); err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalidInvite, err)
	}
	text, err := sealText(ctx, i.seal, inviteLabel(), inviteWire{
		Client: invite.ID.Client, Merchant: invite.ID.Merchant, ReturnTo: invite.ReturnTo,
		IssuedAt: invite.IssuedAt.UTC(), ExpiresAt: invite.ExpiresAt.UTC(),
	})
	if err != nil {
		return "", fmt.Errorf("make an invite: %w", err)
	}
	return i.publicURL + beginPath + "?" + url.Values{inviteParameter: {text}}.Encode(), nil
}

// openInvite reads the text of an invite. It does not look at its times. Errors:
// those of openText.
func openInvite(ctx context.Context, s *seal.Sealer, text string) (Invite, error) {
	var wire inviteWire
	if err := openText(ctx, s, inviteLabel(), text, &wire); err != nil {
		return Invite{}, err
	}
	return Invite{
		ID:       token.ID{Client: wire.Client, Merchant: wire.Merchant},
		ReturnTo: wire.ReturnTo, IssuedAt: wire.IssuedAt, ExpiresAt: wire.ExpiresAt,
	}, nil
}
