package consent

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/token"
)

const (
	inviteParameter = "invite"

	// beginWithin is how long a merchant waits for the redirect at most.
	beginWithin = 15 * time.Second
	// readyWithin is how long keys are waited for that are not needed yet.
	readyWithin = 3 * time.Second
)

// begin sends a merchant who opened an invite to the provider. It stores
// nothing: whatever previews a link, or opens it twice, changes nothing.
func (h *handler) begin(r *http.Request) *answer {
	ctx, cancel := context.WithTimeout(r.Context(), beginWithin)
	defer cancel()
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query[inviteParameter]) != 1 {
		return show(http.StatusBadRequest, page.Expired, "invite_missing")
	}
	invite, err := openInvite(ctx, h.Seal, query.Get(inviteParameter))
	if err != nil {
		return notOpened("invite", err)
	}
	return h.invited(ctx, r.Cookies(), invite).of(invite.ID, invite.ReturnTo)
}

// notOpened answers to what is not sealed by us, or cannot be opened just now.
func notOpened(what string, err error) *answer {
	reason := what + "_" + faultOf(err)
	switch {
	case faultOf(err) == keyUnavailable:
		return tryAgain(reason, nil)
	case what == "invite":
		return show(http.StatusBadRequest, page.Expired, reason)
	default:
		return wrong(reason)
	}
}

// invited answers to an invite that is ours.
func (h *handler) invited(ctx context.Context, cookies []*http.Cookie, invite Invite) *answer {
	if !time.Now().Before(invite.ExpiresAt) {
		return show(http.StatusGone, page.Expired, "invite_expired")
	}
	client, refusal := h.client(ctx, invite.ID)
	if refusal != nil {
		return refusal
	}
	if err := client.CheckMerchant(invite.ID.Merchant); err != nil {
		a := wrong("merchant")
		a.err = err
		return a
	}
	entry, err := h.Journal.Get(ctx, invite.ID)
	switch {
	case err != nil && !errors.Is(err, token.ErrNotFound):
		return tryAgain("journal", err)
	case stands(entry, invite.IssuedAt):
		return show(http.StatusOK, page.Already, "newer_consent")
	}
	return h.authorize(ctx, client, cookies, newAttempt(invite, time.Now()))
}

// client finds whose consent it is.
func (h *handler) client(ctx context.Context, id token.ID) (Client, *answer) {
	client, err := h.Clients.Client(ctx, id.Client)
	switch {
	case errors.Is(err, ErrUnknownClient):
		return nil, show(http.StatusGone, page.Expired, "client_unknown")
	case err != nil:
		return nil, tryAgain("client", err)
	}
	return client, nil
}

// stands reports whether a consent that was given later than that holds: the
// merchant has done what the invite asks for. One that the provider refuses, or
// whose grant nobody can use, does not.
func stands(e token.Entry, issued time.Time) bool {
	return e.Usable() && e.Sealed == nil && e.Result.Latch == nil && e.Grant.ConsentedAt.After(issued)
}

// authorize sends the browser to the provider, with a cookie that binds the
// attempt to it.
func (h *handler) authorize(ctx context.Context, client Client, cookies []*http.Cookie, a attempt) *answer {
	h.prepare(ctx, client, a.id)
	location, err := client.AuthorizationURL(ctx, Authorization{
		Merchant: a.id.Merchant, RedirectURI: h.PublicURL + callbackPath,
		State: a.state, Nonce: a.nonce, Challenge: a.challenge(),
	})
	if err != nil {
		return tryAgain("authorization_url", err)
	}
	cookie, err := a.cookie(ctx, h.Seal)
	if err != nil {
		return tryAgain("seal", err)
	}
	return seeOther(location, "authorize", append(superfluous(ctx, h.Seal, cookies, a.startedAt), cookie)...)
}

// prepare fetches the provider's keys while the merchant is about to log in. If
// that fails now, the callback tries again.
func (h *handler) prepare(ctx context.Context, client Client, id token.ID) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := client.Ready(ctx); err != nil {
		h.Log.WarnContext(ctx, "provider's keys not fetched in advance", "token", id.String(), "error", err)
	}
}
