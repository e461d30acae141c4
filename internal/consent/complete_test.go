package consent_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/token"
)

func TestFromInviteToDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newWorld(t).browser()
		form := b.approved("code-1")
		done := b.callback(form)
		if done.Code != http.StatusSeeOther || done.Header().Get("Location") != publicURL+"/consent/done" {
			t.Fatalf("callback: got %d to %q, want 303 to the done page", done.Code, done.Header().Get("Location"))
		}
		b.logged("done")
		last := b.get(publicURL + "/consent/done")
		shows(t, last, http.StatusOK, page.Done)
		if !strings.Contains(last.Body.String(), `href="`+returnTo+`"`) {
			t.Error("the done page does not lead back to the invite's address")
		}
		if !strings.Contains(b.log.String(), `"token":"subscriptions/DK12345678"`) {
			t.Errorf("the log does not say whose consent it was: %s", b.log)
		}
		if len(b.provider.redeemed) != 1 {
			t.Fatalf("got %d code exchanges, want 1", len(b.provider.redeemed))
		}
		got := b.provider.redeemed[0]
		if got.ID != merchant() || got.RedirectURI != publicURL+"/consent/callback" || got.Front.Subject != "merchant-7" || got.Nonce != b.provider.asked[0].Nonce {
			t.Errorf("redeemed with %+v", got)
		}
		b.silent(done.Body.String()+last.Body.String(), form.Get("state"), form.Get("code"), form.Get("id_token"), got.Nonce, got.Verifier.Reveal())
	})
}

// What is repeated finds the outcome of the first time: for as long as the
// attempt lives, which is longer than its ID token does.
func TestRepeatedCallbackExchangesOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		redeemErr error
		want      int
	}{
		"done":    {nil, http.StatusSeeOther},
		"refused": {context.DeadlineExceeded, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newWorld(t).browser()
				form := b.approved("code-1")
				b.provider.redeemErr = tt.redeemErr
				for _, wait := range []time.Duration{0, 0, time.Second, 9 * time.Minute} {
					time.Sleep(wait)
					if got := b.callback(form); got.Code != tt.want {
						t.Errorf("after %v: got status %d, want %d", wait, got.Code, tt.want)
					}
				}
				if len(b.provider.redeemed) != 1 {
					t.Errorf("got %d code exchanges, want 1", len(b.provider.redeemed))
				}
			})
		})
	}
}

// State and code together make an attempt: another code, or another window, never
// gets the outcome of the first.
func TestAnotherAttemptIsNotARepetition(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	if got := b.callback(b.approved("code-1")); got.Code != http.StatusSeeOther {
		t.Fatalf("got status %d, want 303", got.Code)
	}
	if got := b.callback(b.provider.approve("code-2")); got.Code != http.StatusSeeOther {
		t.Errorf("another code: got status %d, want 303", got.Code)
	}
	form := b.approved("code-3")
	form.Set("code", "code-1")
	form.Set("id_token", b.provider.idToken(b.provider.asked[1].Nonce, "code-1"))
	shows(t, b.callback(form), http.StatusBadRequest, page.Wrong)
	b.logged("exchange_refused")
	if len(b.provider.redeemed) != 3 {
		t.Errorf("got %d code exchanges, want one for each attempt", len(b.provider.redeemed))
	}
}

// Two windows of one browser do not disturb each other, in either order.
func TestTwoWindows(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	first, second := b.approved("code-1"), b.approved("code-2")
	for _, form := range []url.Values{second, first} {
		if got := b.callback(form); got.Code != http.StatusSeeOther {
			t.Errorf("got status %d, want 303", got.Code)
		}
	}
	if len(b.provider.redeemed) != 2 {
		t.Errorf("got %d code exchanges, want one for each code", len(b.provider.redeemed))
	}
}

// A merchant who closes the window has consented all the same.
func TestClosedWindowCancelsNothing(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	form := b.approved("code-1")
	closed, cancel := context.WithCancel(t.Context())
	cancel()
	if got := b.do(posted(form.Encode()).WithContext(closed)); got.Code != http.StatusSeeOther {
		t.Errorf("got status %d, want 303", got.Code)
	}
}

// The exchange has 8 s, and ends 20 s after the callback came at the latest, so
// that there is time to commit within 25 s.
func TestExchangeHasADeadline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		looked       time.Duration // for the client
		waited, want time.Duration
	}{
		{"at once", 0, 0, 8 * time.Second},
		{"after waiting for the lease", 0, 10 * time.Second, 18 * time.Second},
		{"after waiting for too long", 0, 15 * time.Second, 20 * time.Second},
		{"after everything was slow", 4 * time.Second, 13 * time.Second, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newWorld(t).browser()
				form, began := b.approved("code-1"), time.Now()
				b.rows.wait, b.provider.lookupTakes = tt.waited, tt.looked
				b.callback(form)
				if got := b.provider.deadline.Sub(began); got != tt.want {
					t.Errorf("the exchange may last until %v after the callback came, want %v", got, tt.want)
				}
			})
		})
	}
}

// With hardly any time left the code is not sent: that would spend it for an
// answer that nobody waits for.
func TestCodeIsNotSentTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newWorld(t).browser()
		b.rows.wait = 18*time.Second + time.Millisecond
		b.callback(b.approved("code-1"))
		if len(b.provider.redeemed) != 0 {
			t.Errorf("got %d code exchanges, want none", len(b.provider.redeemed))
		}
	})
}

// Whatever is slow before anything is looked at is part of the same time: here,
// the key that opens the cookie.
func TestTimeBeginsWithTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newWorld(t).browser()
		form := b.approved("code-1")
		b.restart()
		b.keys.takes, b.rows.wait = 2*time.Second, 15*time.Second
		began := time.Now()
		b.callback(form)
		if got := b.provider.deadline.Sub(began); got != 20*time.Second {
			t.Errorf("the exchange may last until %v after the callback came, want 20 s", got)
		}
	})
}

// Whatever hangs, the merchant is answered before API Gateway gives up.
func TestAnswersInTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		hang   func(*world)
		answer func(b *browser, form url.Values) *httptest.ResponseRecorder
		within time.Duration
	}{
		{"journal at begin", func(w *world) { w.rows.getHangs = true }, func(b *browser, _ url.Values) *httptest.ResponseRecorder {
			return b.get(b.invite())
		}, 15 * time.Second},
		{"journal at the callback", func(w *world) { w.rows.getHangs = true }, (*browser).callback, 5 * time.Second},
		{"credentials at the callback", func(w *world) { w.provider.lookupTakes = time.Hour }, (*browser).callback, 5 * time.Second},
		{"exchange", func(w *world) { w.rows.exchangeHangs = true }, (*browser).callback, 25 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newWorld(t).browser()
				form := b.approved("code-1")
				tt.hang(b.world)
				began := time.Now()
				shows(t, tt.answer(b, form), http.StatusServiceUnavailable, page.TryAgain)
				if took := time.Since(began); took > tt.within {
					t.Errorf("the answer took %v, want %v at most", took, tt.within)
				}
			})
		})
	}
}

// What the recorded outcome, or the reason why there is none, means to the
// merchant.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		outcome string
		err     error
		status  int
		kind    page.Kind
		reason  string
		retry   string
	}{
		{"superseded by another window", token.ExchangeSuperseded, nil, http.StatusOK, page.Already, "superseded", ""},
		{"refused", token.ExchangeRefused, nil, http.StatusBadRequest, page.Wrong, "exchange_refused", ""},
		{"failed", token.ExchangeFailed, nil, http.StatusServiceUnavailable, page.TryAgain, "exchange_failed", "300"},
		{"no journal", "", context.DeadlineExceeded, http.StatusServiceUnavailable, page.TryAgain, "exchange_failed", "300"},
		{"being removed", "", token.ErrRemoved, http.StatusServiceUnavailable, page.TryAgain, "removed", "300"},
		{"removed meanwhile", token.ExchangeFailed, token.ErrRemoved, http.StatusServiceUnavailable, page.TryAgain, "removed", "300"},
		{"too many", "", token.ErrTooManyExchanges, http.StatusTooManyRequests, page.TooMany, "too_many_exchanges", "900"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newWorld(t).browser()
			form := b.approved("code-1")
			b.rows.outcome, b.rows.exchangeErr = tt.outcome, tt.err
			got := b.callback(form)
			shows(t, got, tt.status, tt.kind)
			b.logged(tt.reason)
			if retry := got.Header().Get("Retry-After"); retry != tt.retry {
				t.Errorf("got Retry-After %q, want %q", retry, tt.retry)
			}
		})
	}
}

// A consent that is stored is shown as such, though its cookie cannot be made: by
// an instance that can open what others sealed, and seal nothing.
func TestDoneWithoutAKey(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	form := b.approved("code-1")
	b.restart()
	b.keys.currentErr = errors.New("access denied")
	got := b.callback(form)
	shows(t, got, http.StatusOK, page.Done)
	if !strings.Contains(got.Body.String(), returnTo) {
		t.Error("the done page does not lead back to the invite's address")
	}
}
