package consent

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/token"
)

// The time that a callback has. API Gateway gives up after 30 s.
const (
	callbackWithin = 25 * time.Second
	judgeWithin    = 5 * time.Second  // of these, for all that comes before the exchange
	redeemWithin   = 8 * time.Second  // of these, for the exchange itself
	redeemedBy     = 20 * time.Second // since the callback came: the rest is for the commit
	redeemLeast    = 2 * time.Second  // with less than that, a code would only be spent
)

// errNoTime: the code was not sent, and is as good as it was.
var errNoTime = errors.New("no time is left to exchange the code")

// complete takes the provider's response to where it leads. The state is judged
// first: without one that this browser was given, nothing else is looked at.
//
// A merchant who closes the window has consented all the same, and the provider
// may have ended the consent before: so a browser that leaves ends nothing here.
func (h *handler) complete(r *http.Request) *answer {
	came := time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), callbackWithin)
	defer cancel()
	judging, cancel := context.WithDeadline(ctx, came.Add(judgeWithin))
	defer cancel()
	got, refusal := readResponse(r)
	if refusal != nil {
		return refusal
	}
	begun, refusal := h.attemptOf(judging, r, got.state)
	if refusal != nil {
		return refusal
	}
	c := callback{handler: h, attempt: begun, response: got, came: came}
	return c.answer(ctx).of(begun.id, begun.returnTo)
}

// attemptOf finds the attempt that a state belongs to, in this browser's cookies.
func (h *handler) attemptOf(ctx context.Context, r *http.Request, state string) (attempt, *answer) {
	if state == "" {
		return attempt{}, wrong("state_missing")
	}
	cookie, err := r.Cookie(attemptName(state))
	if err != nil {
		return attempt{}, wrong("state_unknown")
	}
	begun, err := openAttempt(ctx, h.Seal, cookie)
	switch {
	case err != nil:
		return attempt{}, notOpened("cookie", err)
	case subtle.ConstantTimeCompare([]byte(begun.state), []byte(state)) != 1:
		return attempt{}, wrong("state_differs")
	case begun.expired(time.Now()):
		return attempt{}, show(http.StatusGone, page.Expired, "attempt_expired")
	}
	return begun, nil
}

// callback is a response to an attempt that this browser has begun.
type callback struct {
	*handler
	attempt  attempt
	response response
	came     time.Time
}

// answer judges the response, and exchanges its code if it is one.
//
// Whether a newer consent than the invite stands does not matter here. This one
// was just given, so it is the newest, and the provider may have ended the other
// with it: refusing it could lose the grant.
func (c callback) answer(ctx context.Context) *answer {
	judging, cancel := context.WithDeadline(ctx, c.came.Add(judgeWithin))
	defer cancel()
	client, refusal := c.client(judging, c.attempt.id)
	if refusal != nil {
		return refusal
	}
	issuer := client.Issuer()
	switch {
	case c.response.issuer != "" && issuer != "" && c.response.issuer != issuer: // before the error: it may be another server's
		return wrong("iss")
	case c.response.failure == declined:
		return show(http.StatusOK, page.Declined, declined)
	case c.response.failure != "":
		return wrong(c.response.failureWord())
	case c.response.code.Empty():
		return wrong("code_missing")
	case c.response.idToken.Empty():
		return wrong("id_token_missing")
	}
	front, known := c.judge(judging, client)
	if known != nil {
		return known
	}
	outcome, err := c.Exchanger.Exchange(ctx, c.attempt.id, c.response.fingerprint(), c.redeem(client, front))
	return c.conclude(ctx, outcome, err)
}

// judge verifies the ID token, unless the outcome is known already: a callback
// that is repeated after minutes has an ID token that is too old by then.
func (c callback) judge(ctx context.Context, client Client) (Identity, *answer) {
	entry, err := c.Journal.Get(ctx, c.attempt.id)
	if err != nil && !errors.Is(err, token.ErrNotFound) {
		return Identity{}, tryAgain("journal", err)
	}
	if made, _ := entry.Exchange(c.response.fingerprint()); made.Outcome != "" {
		return Identity{}, c.conclude(ctx, made.Outcome, nil)
	}
	if err := client.Ready(ctx); err != nil {
		return Identity{}, tryAgain("keys", err)
	}
	front, err := client.VerifyFront(ctx, Response{IDToken: c.response.idToken, Code: c.response.code, Nonce: c.attempt.nonce})
	if flaw, ok := errors.AsType[*Flaw](err); ok {
		a := wrong("id_token")
		a.err = flaw
		return Identity{}, a
	}
	if err != nil {
		return Identity{}, tryAgain("id_token_not_verified", err)
	}
	if c.response.issuer != "" && c.response.issuer != front.Issuer {
		return Identity{}, wrong("iss")
	}
	return front, nil
}

// redeem is the exchange of the code, within its time.
func (c callback) redeem(client Client, front Identity) Redeem {
	return func(ctx context.Context) (token.Grant, token.AccessToken, error) {
		redeemBy := c.came.Add(redeemedBy)
		if time.Until(redeemBy) < redeemLeast {
			return token.Grant{}, token.AccessToken{}, errNoTime
		}
		ctx, cancel := context.WithDeadline(ctx, redeemBy)
		defer cancel()
		ctx, cancel = context.WithTimeout(ctx, redeemWithin)
		defer cancel()
		return client.Redeem(ctx, Redemption{
			ID: c.attempt.id, Code: c.response.code, Verifier: c.attempt.verifier, Nonce: c.attempt.nonce,
			RedirectURI: c.PublicURL + callbackPath, Front: front,
		})
	}
}

// conclude answers with the outcome of an exchange, whoever made it.
func (c callback) conclude(ctx context.Context, outcome string, err error) *answer {
	var a *answer
	switch {
	case outcome == token.ExchangeDone:
		a = c.finished(ctx)
	case outcome == token.ExchangeSuperseded: // by one that was given in another window
		a = show(http.StatusOK, page.Already, "superseded")
	case outcome == token.ExchangeRefused:
		a = wrong("exchange_refused")
	case errors.Is(err, token.ErrTooManyExchanges):
		a = show(http.StatusTooManyRequests, page.TooMany, "too_many_exchanges")
		a.retryAfter = later
	case errors.Is(err, token.ErrRemoved):
		a = tryAgain("removed", nil)
	default:
		a = tryAgain("exchange_failed", nil)
	}
	a.err = err
	return a
}
