package authserver_test

import (
	"fmt"
	"net/http"
	"time"

	"pgregory.net/rapid"

	"token-refresher/internal/sandbox/authserver"
)

// modelCode is a code, and what may still come of it.
type modelCode struct {
	value   string
	expires time.Time
	spent   bool
	consent int // what came of it, plus one
}

func (w *world) approve() {
	w.nonces++
	post, err := w.server.Approve(authorizeURL(authorizeQuery(fmt.Sprint(w.nonces))))
	if err != nil || post.Values.Get("code") == "" {
		w.t.Fatalf("Approve: got error %v and %q, want a code", err, post.Values.Get("error"))
	}
	w.codes = append(w.codes, modelCode{value: post.Values.Get("code"), expires: w.now.Add(5 * time.Minute)})
}

// exchange presents a recent code, with a wrong verifier or a good one.
func (w *world) exchange(t *rapid.T) {
	back := rapid.IntRange(1, 3).Draw(t, "code back")
	if back > len(w.codes) {
		return
	}
	c := &w.codes[len(w.codes)-back]
	form := codeForm(c.value)
	good := rapid.Bool().Draw(t, "good verifier")
	if !good {
		form.Set("code_verifier", "x")
	}
	want := good && !c.spent && w.now.Before(c.expires)
	if c.spent && c.consent > 0 {
		w.consents[c.consent-1].ended = true
	}
	c.spent = true
	status, first := w.post(authserver.MerchantTokenPath, form)
	if got := status == http.StatusOK; got != want {
		w.t.Fatalf("exchange: got status %d, want it accepted: %v", status, want)
	}
	if want {
		w.consented(first)
		c.consent = len(w.consents)
	}
}
