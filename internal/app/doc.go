// Package app starts a function: it reads the configuration from an injected
// look-up, builds the AWS clients and every collaborator once per instance, and
// is the one place that knows them all.
//
// It decides nothing about tokens: when one is renewed belongs to token and
// refresh, how to oauth and provider, where it is kept to secretstore. What an
// event means belongs to the function that gets it.
package app
