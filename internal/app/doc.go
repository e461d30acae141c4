// Package app starts a function: it reads the configuration from an injected
// look-up, builds the AWS clients and every collaborator once per instance, and
// is the one place that knows them all. What fits two of them together that may
// not know each other is here too: a client's way to its provider, for sweeps, for
// consents and for an operator's examination.
//
// It decides nothing about tokens: when one is renewed belongs to token and
// refresh, how to oauth and provider, where it is kept to secretstore and journal.
// What an event means belongs to the function that gets it.
package app
