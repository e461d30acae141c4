// Package refresh keeps tokens fresh: it looks at what there is, decides with
// package token what is due, asks the provider and has the answer stored. It is
// also where a grant begins, since exchanging the code of a consent takes the
// same lease and makes the same commit as a renewal.
//
// It owns the order of steps, the bounds on them, and what a failure means for
// its neighbours: a token's back-off, a client's Health, a provider's breaker.
// It leaves the wire to oauth, the layout of secrets to secretstore, publishing
// grants to publish, who asks for a renewal outside of a sweep to serve, operate
// and consent, and the choice of collaborators to app.
//
// There are two paths. Of client credentials (Sweep) nothing can be lost: a token
// that was not stored is asked for again, and all state is in memory and lives as
// long as the function's instance. A grant (GrantSweep, Renewer) may have a
// one-time refresh token: nothing is sent without its lease in the journal, and
// the answer is committed there before anything else; what is known about its
// client is a note in the journal, for all instances.
package refresh
