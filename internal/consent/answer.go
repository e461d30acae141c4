package consent

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/token"
)

// How long a browser, or whoever reads headers, waits before it tries again.
const (
	soon  = 5 * time.Minute
	later = 15 * time.Minute // as long as an entry keeps its exchanges
)

// answer is what a request comes to: a page or a redirect, and what the log says
// of it. Handlers decide on one; write sends it.
type answer struct {
	status     int
	kind       page.Kind // of the page; empty for a redirect
	location   string    // of a redirect
	returnTo   string    // that the page offers
	cookies    []*http.Cookie
	allow      string
	retryAfter time.Duration
	reference  string

	id     token.ID // whose consent it is, once that is known for certain
	reason string   // in a word, for the log
	err    error
}

// show answers with a page.
func show(status int, kind page.Kind, reason string) *answer {
	return &answer{status: status, kind: kind, reason: reason}
}

// wrong answers a request that is refused for good.
func wrong(reason string) *answer { return show(http.StatusBadRequest, page.Wrong, reason) }

// tryAgain answers a request that something of ours, or of the provider's, is in
// the way of.
func tryAgain(reason string, err error) *answer {
	a := show(http.StatusServiceUnavailable, page.TryAgain, reason)
	a.retryAfter, a.err = soon, err
	return a
}

// seeOther answers with a redirect that is followed with GET (RFC 9110 section
// 15.4.4).
func seeOther(location, reason string, cookies ...*http.Cookie) *answer {
	return &answer{status: http.StatusSeeOther, location: location, cookies: cookies, reason: reason}
}

// of says whose consent it is. The way back is offered where a merchant is
// through: everywhere else there is something left to do here.
func (a *answer) of(id token.ID, returnTo string) *answer {
	a.id = id
	if a.kind == page.Done || a.kind == page.Declined || a.kind == page.Already {
		a.returnTo = returnTo
	}
	return a
}

// outcome is the answer in a word, for the log.
func (a *answer) outcome() string {
	if a.kind == "" {
		return "redirected"
	}
	return string(a.kind)
}

// write sends an answer. A browser is told, with every one of them, to keep
// nothing, to load nothing, to tell nobody where it was, and not to be framed.
func (h *handler) write(w http.ResponseWriter, r *http.Request, a *answer) {
	body, err := h.render(r, a)
	if err != nil { // no such page: somebody changed what a reference looks like
		a.status, a.err = http.StatusInternalServerError, err
	}
	header := w.Header()
	header.Set("Content-Security-Policy", h.policy)
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	if strings.HasPrefix(h.PublicURL, "https:") {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
	for _, c := range a.cookies {
		http.SetCookie(w, c)
	}
	if a.allow != "" {
		header.Set("Allow", a.allow)
	}
	if a.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(a.retryAfter/time.Second)))
	}
	if a.location != "" {
		header.Set("Location", a.location)
	} else {
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) //nolint:gosec // page escapes, and nothing of the request is in it
	}
}

// render makes the page of an answer; a redirect has none. Support is only of
// use where something is wrong.
func (h *handler) render(r *http.Request, a *answer) ([]byte, error) {
	if a.kind == "" {
		return nil, nil
	}
	view := page.View{
		Kind: a.kind, ReturnTo: a.returnTo,
		Language: page.Negotiate(r.Header.Get("Accept-Language"), a.id.Merchant),
	}
	if a.status >= http.StatusBadRequest {
		view.Reference = a.reference
	}
	return page.Render(view)
}
