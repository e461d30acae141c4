// Package refresh keeps tokens fresh: it looks at what is published, decides
// with package token what is due, asks the provider and has the answer stored.
//
// It owns the order of steps, the bounds on them, and what a failure means for
// its neighbours: a token's back-off, a client's Health, a provider's breaker.
// It leaves the wire to oauth, the layout of secrets to secretstore, and the
// choice of collaborators to app.
//
// This is the path of client credentials: nothing can be lost, a token that
// was not stored is asked for again. All state is in memory and lives as long
// as the function's instance.
package refresh
