package operate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/operate"
	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	pos, shop := token.ID{Client: "pos"}, token.ID{Client: "shop", Merchant: "DK1"}
	tests := []struct {
		name      string
		id        token.ID
		force     bool
		arrange   func(w *world)
		want      operate.Outcome
		published bool
		calls     int
	}{
		{name: "first of client credentials", id: pos, want: operate.Renewed, published: true, calls: 1},
		{name: "fresh, and written long ago", id: pos, arrange: func(w *world) { w.publishAccess(pos, 20*time.Minute, 20*time.Minute) }, want: operate.Renewed, published: true, calls: 1},
		{name: "written a moment ago", id: pos, arrange: func(w *world) { w.publishAccess(pos, time.Minute, time.Minute) }, want: operate.Held, published: true},
		{name: "written a moment ago, forced", id: pos, force: true, arrange: func(w *world) { w.publishAccess(pos, time.Minute, time.Minute) }, want: operate.Renewed, published: true, calls: 1},
		{name: "unreadable secret", id: pos, arrange: func(w *world) { w.access[pos] = token.Stored[token.AccessToken]{Err: token.ErrUnreadable} }, want: operate.Failed},
		{name: "too short-lived", id: pos, arrange: func(w *world) { w.lifetime = time.Minute }, want: operate.Failed, calls: 1},
		{name: "the provider refuses", id: pos, arrange: func(w *world) { w.refuse = &oauth.Error{Class: oauth.ClassClient} }, want: operate.Failed, calls: 1},
		{name: "somebody else wrote", id: pos, arrange: func(w *world) { w.putErr = token.ErrConflict }, want: operate.Leased, calls: 1},
		{name: "the store refuses", id: pos, arrange: func(w *world) { w.putErr = errStore }, want: operate.Failed, calls: 1},
		{name: "not among the credentials", id: token.ID{Client: "pos", Merchant: "DK9"}, want: operate.Failed},
		{name: "not published at all", id: pos, force: true, want: operate.Failed, arrange: func(w *world) {
			c := w.credentials["pos"]
			c.Value.Publish = token.PublishFunction
			w.credentials["pos"] = c
		}},
		{name: "credentials that cannot be used", id: pos, arrange: func(w *world) { w.misdialed = errors.New("client_secret: is missing") }, want: operate.Failed},
		{name: "credentials cannot be read", id: pos, arrange: func(w *world) { w.fails = "Credentials" }, want: operate.Failed},

		{name: "a grant", id: shop, arrange: func(w *world) { w.consent("DK1", time.Minute, nil) }, want: operate.Renewed, calls: 1},
		{name: "a grant, forced", id: shop, force: true, arrange: func(w *world) { w.consent("DK1", time.Minute, nil) }, want: operate.Renewed, published: true, calls: 1},
		{name: "a grant that cannot be published", id: shop, force: true, arrange: func(w *world) { w.consent("DK1", time.Minute, nil); w.putErr = errStore }, want: operate.Renewed, calls: 1},
		{name: "a grant somebody renews", id: shop, arrange: func(w *world) {
			w.consent("DK1", time.Minute, func(e *token.Entry) { e.Lease = token.Lease{Holder: "x", Until: time.Now().Add(time.Minute)} })
		}, want: operate.Leased},
		{name: "no such grant", id: shop, want: operate.Failed},
		{name: "the answer is for somebody else", id: shop, arrange: func(w *world) { w.consent("DK1", time.Minute, nil); w.suspect = true }, want: operate.Failed, calls: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				if test.arrange != nil {
					test.arrange(w)
				}
				got := w.operator(t).Refresh(t.Context(), []token.ID{test.id}, test.force)
				if len(got) != 1 || got[0].ID != test.id.String() || got[0].Outcome != test.want || got[0].Published != test.published {
					t.Fatalf("Refresh: got %+v, want %s and published %v", got, test.want, test.published)
				}
				if (got[0].Outcome == operate.Failed) && got[0].Error == "" {
					t.Error("it failed without a word")
				}
				if w.issued != test.calls {
					t.Errorf("the provider was asked %d times, want %d", w.issued, test.calls)
				}
			})
		})
	}
}

// What a person renews counts as what a sweep renews, once.
func TestRefreshIsCounted(t *testing.T) {
	t.Parallel()
	pos, shop := token.ID{Client: "pos"}, token.ID{Client: "shop", Merchant: "DK1"}
	issued, granted := token.GrantTypeClientCredentials, token.GrantTypeAuthorizationCode
	tests := []struct {
		name   string
		id     token.ID
		refuse *oauth.Error
		putErr error
		want   refresh.Tally
	}{
		{"issued", pos, nil, nil, refresh.Tally{GrantType: issued, Renewed: true}},
		{"not issued", pos, &oauth.Error{Class: oauth.ClassClient}, nil, refresh.Tally{GrantType: issued, Class: "client"}},
		{"issued and not stored", pos, nil, errStore, refresh.Tally{}},
		{"a grant", shop, nil, nil, refresh.Tally{GrantType: granted, Renewed: true}},
		{"a grant that fails", shop, &oauth.Error{Class: oauth.ClassTransient}, nil, refresh.Tally{GrantType: granted, Class: "transient"}},
		{"no such grant", token.ID{Client: "shop", Merchant: "DK9"}, nil, nil, refresh.Tally{}},
	}
	for _, test := range tests {
		w := newWorld()
		w.consent("DK1", time.Minute, nil)
		w.refuse, w.putErr = test.refuse, test.putErr
		w.operator(t).Refresh(t.Context(), []token.ID{test.id}, true)
		var got refresh.Tally
		if len(w.counted) > 0 {
			got = w.counted[0]
		}
		if got != test.want || len(w.counted) > 1 {
			t.Errorf("%s: counted %+v, want %+v", test.name, w.counted, test.want)
		}
	}
}

// A person who forces spends the budget, and only then.
func TestForceIsUrgent(t *testing.T) {
	t.Parallel()
	for force, want := range map[bool]publish.Urgency{true: publish.AtOnce, false: publish.WhenAllowed} {
		w := newWorld()
		id := w.consent("DK1", time.Minute, nil)
		w.operator(t).Refresh(t.Context(), []token.ID{id}, force)
		if len(w.published) != 1 || w.published[0] != want {
			t.Errorf("force %v: published with %v, want %v once", force, w.published, want)
		}
	}
}

// What a person's renewal finds out is kept with the entry, for the next
// publishing pass to tell.
func TestRenewalsAreToldLater(t *testing.T) {
	t.Parallel()
	w := newWorld()
	id := w.consent("DK1", 2*time.Hour, func(e *token.Entry) {
		e.DueAt = time.Now().Add(-time.Minute)
		e.Result = token.Result{Outcome: token.OutcomeUnknown, Failures: 1}
	})
	w.refuse = &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}
	w.operator(t).Refresh(t.Context(), []token.ID{id}, false)
	untold := w.entries[id].Untold
	if len(untold) != 1 || untold[0].Type != token.EventRotationLost {
		t.Errorf("untold: got %+v, want %s", untold, token.EventRotationLost)
	}
}

// risky is a renewer whose answers no store takes.
type risky struct{}

func (risky) Settle(context.Context) int { return 2 }

func (risky) Renew(_ context.Context, id token.ID, _ refresh.GrantEndpoint, _ refresh.Occasion) refresh.Renewal {
	return refresh.Renewal{Entry: token.Entry{ID: id}, Err: errStore, AtRisk: true}
}

// Answers that are in neither store page, those from before too.
func TestRefreshPagesWhatIsAtRisk(t *testing.T) {
	t.Parallel()
	w := newWorld()
	config := w.config(t)
	config.Renewer = risky{}
	o, err := operate.New(config)
	if err != nil {
		t.Fatal(err)
	}
	got := o.Refresh(t.Context(), []token.ID{{Client: "shop", Merchant: "DK1"}}, false)
	if w.atRisk != 3 || got[0].Outcome != operate.Failed || !strings.Contains(got[0].Error, errStore.Error()) {
		t.Errorf("%d answers at risk and %+v, want 3 and the store's error", w.atRisk, got)
	}
}

// One that fails stops no other, and the order is that of the question.
func TestRefreshKeepsItsOrder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	shop := w.consent("DK1", time.Minute, nil)
	ids := []token.ID{{Client: "nosuch"}, shop, {Client: "shop", Merchant: "DK9"}}
	got := w.operator(t).Refresh(t.Context(), ids, false)
	for i, want := range []operate.Outcome{operate.Failed, operate.Renewed, operate.Failed} {
		if got[i].ID != ids[i].String() || got[i].Outcome != want {
			t.Errorf("%d: got %+v, want %s of %s", i, got[i], want, ids[i])
		}
	}
}

// tardy is a renewer that takes its time, and notes when it was asked.
type tardy struct {
	each time.Duration
	mu   sync.Mutex
	last time.Time
}

func (*tardy) Settle(context.Context) int { return 0 }

func (r *tardy) Renew(_ context.Context, id token.ID, _ refresh.GrantEndpoint, _ refresh.Occasion) refresh.Renewal {
	r.mu.Lock()
	r.last = time.Now()
	r.mu.Unlock()
	time.Sleep(r.each)
	return refresh.Renewal{Entry: token.Entry{ID: id}, Sent: true}
}

// Of a thousand tokens at a slow provider those are renewed that there is time
// for, none is in flight when the invocation ends, and of the others it is said.
func TestRefreshAnswersInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		renewer := &tardy{each: 2 * time.Second}
		config := w.config(t)
		config.Renewer = renewer
		o, err := operate.New(config)
		if err != nil {
			t.Fatal(err)
		}
		var ids []token.ID
		for i := range 1000 {
			ids = append(ids, w.consent(fmt.Sprintf("DK%d", i), time.Minute, nil))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		deadline, _ := ctx.Deadline()
		renewed, untried := 0, 0
		for _, one := range o.Refresh(ctx, ids, false) {
			switch {
			case one.Outcome == operate.Renewed:
				renewed++
			case one.Outcome == operate.Failed && strings.Contains(one.Error, "ask for it again"):
				untried++
			}
		}
		if renewed < 50 || untried == 0 || renewed+untried != len(ids) {
			t.Errorf("%d renewed and %d not tried, want some of each and %d in all", renewed, untried, len(ids))
		}
		if left := deadline.Sub(renewer.last); left < 30*time.Second {
			t.Errorf("the last began %s before the end, want 30 s or more", left)
		}
	})
}

func TestNewNeedsEverything(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*operate.Config){
		"Store":       func(c *operate.Config) { c.Store = nil },
		"Publisher":   func(c *operate.Config) { c.Publisher = nil },
		"Server":      func(c *operate.Config) { c.Server = nil },
		"Dial":        func(c *operate.Config) { c.Dial = nil },
		"Consenting":  func(c *operate.Config) { c.Consenting = nil },
		"AtRisk":      func(c *operate.Config) { c.AtRisk = nil },
		"Providers":   func(c *operate.Config) { c.Examination.Providers = nil },
		"intervals":   func(c *operate.Config) { c.Examination.ReconcileInterval = 0 },
		"Log":         func(c *operate.Config) { c.Log = nil },
		"Concurrency": func(c *operate.Config) { c.Concurrency = 0 },
	} {
		config := newWorld().config(t)
		change(&config)
		if _, err := operate.New(config); err == nil {
			t.Errorf("without %s: got no error", name)
		}
	}
}

func TestRefusalIsAnError(t *testing.T) {
	t.Parallel()
	var err error = &serve.Refusal{Code: serve.UnknownToken, Message: "there is none"}
	if got, want := err.Error(), "unknown_token: there is none"; got != want || errors.Unwrap(err) != nil {
		t.Errorf("got %q, want %q", got, want)
	}
}
