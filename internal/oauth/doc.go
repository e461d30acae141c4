// Package oauth asks token endpoints for tokens (RFC 6749), over
// golang.org/x/oauth2.
//
// It owns the wire: timeouts, no redirects, capped bodies, the shape of a
// request, and sloppy answers, which one RoundTripper puts right before
// x/oauth2 sees them. It classifies every failure once, as *Error, which says
// whose fault it was and holds nothing of a body, a URL or a token.
//
// One call is one request. It leaves retries, breakers and what becomes of a
// failure to its callers, and what is known about a server to package provider.
package oauth
