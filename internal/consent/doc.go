// Package consent takes a merchant from an invite to a stored consent: it begins
// an authorization at the provider (OpenID Connect Core section 3.3, the hybrid
// flow, with PKCE, RFC 7636), and completes it when the provider posts its
// response back (OAuth 2.0 Form Post Response Mode).
//
// It owns the invite, the cookies that bind an attempt to one browser, the order
// in which a response is judged, and every header of an answer. It leaves what
// pages look like to page; talking to the provider, verifying ID tokens and
// exchanging the code once to its Client and Exchanger; and how a request gets
// here to its caller.
//
// Nothing is stored before a code is exchanged: all that an attempt needs to
// know travels sealed in the merchant's own browser. Whoever has neither the
// invite nor that cookie can cause nothing but a page.
package consent
