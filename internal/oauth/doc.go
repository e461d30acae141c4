// Package oauth asks token endpoints for tokens (RFC 6749), over
// golang.org/x/oauth2, and revokes them (RFC 7009).
//
// It owns the wire: timeouts, no redirects, capped bodies, the shape of a
// request, and sloppy answers, which one RoundTripper puts right before
// x/oauth2 sees them. It classifies every failure once, as *Error, which says
// whose fault it was and holds nothing of a body, a URL or a token.
//
// One call is one request, which net/http does not repeat, and a failed one says
// what is known about its Delivery. A code is exchanged over a connection that
// nothing else uses. A refresh token that came with an answer is given up for
// nothing that is wrong with the rest.
//
// It leaves retries, breakers and what becomes of a failure to its callers, what
// is known about a server to package provider, and ID tokens to package idtoken.
package oauth
