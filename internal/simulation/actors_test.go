package simulation_test

import (
	"context"
	"testing"
	"time"

	"token-refresher/internal/oauth"
	"token-refresher/internal/publish"
	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// till exchanges codes at the provider: a consent makes a new family, and the
// one before it is dead.
type till struct {
	w         *world
	exchanges map[string]int // by code
	refused   map[string]bool
}

// exchangeTimeout is how long package oauth waits for the answer to a code: it
// gives up before another consent forces the lease.
const exchangeTimeout = 8 * time.Second

func (d *till) redeem(id token.ID, code string) refresh.Redeem {
	return func(ctx context.Context) (token.Grant, token.AccessToken, error) {
		ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
		defer cancel()
		d.w.pace.take(ctx, providerCall, "exchange", id.String())
		if ctx.Err() != nil {
			return token.Grant{}, token.AccessToken{}, &oauth.Error{Class: oauth.ClassTransient, Timeout: true}
		}
		d.exchanges[code]++
		if d.refused[code] {
			return token.Grant{}, token.AccessToken{}, &oauth.Error{Class: oauth.ClassGrant, Status: 400, Code: "invalid_grant"}
		}
		now := time.Now()
		return token.Grant{ID: id, RefreshToken: d.w.provider.consent(id), Subject: "s", Scope: code, ConsentedAt: now},
			token.AccessToken{ID: id, Value: token.NewSecret("at of " + code), Type: "Bearer", IssuedAt: now, ExpiresAt: now.Add(30 * time.Minute)}, nil
	}
}

// actors are one instance each of what may be at work on a grant.
type actors struct {
	*world
	id        token.ID
	till      *till
	renewals  []refresh.Renewal
	exchanged map[string]refresh.Exchanged // by process
}

func newActors(t *testing.T) *actors {
	w, id := crashWorld(t)
	w.watch.interval = 0 // a consent is published at once
	w.pace.turns = &turns{waiting: map[string]chan struct{}{}, mayHang: true}
	return &actors{
		world: w, id: id, till: &till{w: w, exchanges: map[string]int{}, refused: map[string]bool{}},
		exchanged: map[string]refresh.Exchanged{},
	}
}

func (a *actors) publish(ctx context.Context, urgency publish.Urgency) {
	_, _ = a.publisher(1).Publish(ctx, a.id, urgency) // what is not published, the next sweep publishes
}

// renewal is what a sweep does with the grant; publication what it does then.
func (a *actors) renewal(ctx context.Context) {
	renewal := a.renewer("sweep").Renew(ctx, a.id, endpoint{a.provider, a.id.Client, always}, refresh.WhenDue)
	a.renewals = append(a.renewals, renewal)
}

func (a *actors) publication(ctx context.Context) { a.publish(ctx, publish.WhenAllowed) }

// consent is a callback with the code.
func (a *actors) consent(name, code string) func(context.Context) {
	return func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 25*time.Second)
		defer cancel()
		attempt := token.FingerprintOf(token.NewSecret(code))
		a.exchanged[name] = a.renewer(name).Exchange(ctx, a.id, attempt, always, a.till.redeem(a.id, code))
	}
}

func (a *actors) urgentPublication(ctx context.Context) { a.publish(ctx, publish.AtOnce) }

// inTurn is one process that does all of these.
func inTurn(deeds ...func(context.Context)) func(context.Context) {
	return func(ctx context.Context) {
		for _, deed := range deeds {
			deed(ctx)
		}
	}
}

// check looks at the end of an order: the newest consent's grant, or what came of
// it, is what both stores hold and the provider accepts.
func (a *actors) check(codes ...string) {
	a.t.Helper()
	a.pace.turns = nil
	for _, code := range codes {
		if a.till.exchanges[code] != 1 {
			a.t.Errorf("%s was exchanged %d times, want once", code, a.till.exchanges[code])
		}
	}
	for _, renewal := range a.renewals {
		if renewal.Latched || renewal.RotationLost {
			a.t.Errorf("renewal %+v, want no consent asked for: one was just given", renewal)
		}
	}
	if e := a.journal.entries[a.id]; !a.provider.isLive(a.id, e.Grant.RefreshToken) || e.Lease.Holder != "" {
		a.t.Errorf("the journal does not hold the live refresh token, or is leased: %+v", e)
	}
	report := a.sweep(40)
	if violation := a.watch.first(); violation != "" {
		a.t.Errorf("violated: %s", violation)
	}
	if len(a.lost()) != 0 || report.RotationLost+len(report.ConsentRequired)+report.ResultAtRisk != 0 {
		a.t.Errorf("lost %v, report %+v; want nothing lost and no consent asked for", a.lost(), report)
	}
	a.converged(a.id)
}

// sweep lets another instance sweep so many times.
func (a *actors) sweep(times int) (total refresh.Report) {
	healer := a.sweeper("healer")
	for range times {
		ctx, cancel := context.WithTimeout(a.t.Context(), 2*time.Minute)
		report, err := healer.Run(ctx)
		cancel()
		if err != nil {
			a.t.Fatalf("Run: %v", err)
		}
		total.RotationLost += report.RotationLost
		total.ConsentRequired = append(total.ConsentRequired, report.ConsentRequired...)
		total.ResultAtRisk += report.ResultAtRisk
		time.Sleep(time.Minute)
	}
	return total
}

// renewed has an answer that waits to be published.
func renewed(a *actors) { a.renewal(a.t.Context()) }
