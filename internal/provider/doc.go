// Package provider holds what is known about an authorization server: where its
// endpoints are, how it wants to be asked, and what it names a merchant. All of
// it is data: presets (presets.json) and inline objects are read by the same
// code.
//
// The package owns the guard of where credentials may be sent: every URL, be it
// written by hand or discovered, is https (http on loopback only) and on a host
// that the deployment allows. It owns discovery, which may add an endpoint that
// is not pinned and never replaces one that is, and how a provider's keys are
// got.
//
// It leaves the token request and its answer to package oauth, and what the keys
// say to package idtoken.
package provider
