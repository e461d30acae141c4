package consent

import (
	"context"
	"net/http"
	"time"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/seal"
	"token-refresher/internal/token"
)

// doneCookie tells the last page, whose URL is the same for everybody, that this
// browser has just consented.
const doneCookie = "__Host-consent-done"

// doneWire is what the done cookie holds.
type doneWire struct {
	Client   string    `json:"client"`
	Merchant string    `json:"merchant"`
	ReturnTo string    `json:"return_to,omitempty"`
	DoneAt   time.Time `json:"done_at"`
}

func doneLabel() seal.Label { return seal.Label{Purpose: "done"} }

// finished redirects to the last page, so that reloading it, or going back to
// it, posts nothing again. The attempt's cookie stays until its time is over: a
// callback that is repeated all the same then finds its outcome. A consent is
// stored by now; if no cookie can be made, the page is shown right here.
func (c callback) finished(ctx context.Context) *answer {
	value, err := sealText(ctx, c.Seal, doneLabel(), doneWire{
		Client: c.attempt.id.Client, Merchant: c.attempt.id.Merchant, ReturnTo: c.attempt.returnTo,
		DoneAt: time.Now().UTC(),
	})
	if err != nil {
		return show(http.StatusOK, page.Done, "done")
	}
	return seeOther(c.PublicURL+donePath, "done", &http.Cookie{
		Name: doneCookie, Value: value, Path: "/", Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, MaxAge: maxAge(attemptFor),
	})
}

// done is the last page. Without its cookie it says nothing about anybody.
func (h *handler) done(r *http.Request) *answer {
	closed := show(http.StatusOK, page.Closed, "no_cookie")
	cookie, err := r.Cookie(doneCookie)
	if err != nil {
		return closed
	}
	var wire doneWire
	if err := openText(r.Context(), h.Seal, doneLabel(), cookie.Value, &wire); err != nil {
		closed.reason = "cookie_" + faultOf(err)
		return closed
	}
	if !time.Now().Before(wire.DoneAt.Add(attemptFor)) {
		closed.reason = "cookie_expired"
		return closed
	}
	return show(http.StatusOK, page.Done, "done").of(token.ID{Client: wire.Client, Merchant: wire.Merchant}, wire.ReturnTo)
}
