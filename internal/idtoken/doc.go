// Package idtoken verifies the two ID tokens of the hybrid flow (OpenID Connect
// Core 1.0 section 3.3, response type "code id_token"), over go-oidc and go-jose:
// the one that comes through the browser (Front), which vouches for the code
// beside it, and the one that comes with the tokens (Back), which must tell of the
// same person.
//
// It owns every check of sections 3.1.3.7, 3.3.2.11, 3.3.2.12 and 3.3.3.6: the
// form, RS256 and nothing else, a key of the provider's own set, iss, aud, azp,
// exp, iat, nbf, nonce, sub, c_hash and at_hash. And it owns those keys: they are
// fetched before they are needed and kept for an hour, so that between a code and
// the storing of what it brought nothing waits for a network. A key id that is not
// known is looked for once more, but not more often than every half minute.
//
// It does not check acr, amr and auth_time (nobody asks for them), at_hash of the
// first token (no access token comes with it), jti (the attempt around it is good
// once), certificates beside a key (where the keys come from is what is trusted),
// whether the session at the provider has ended, or any claim about the merchant.
// It decrypts nothing: an encrypted ID token is malformed here. Whether access
// tokens are good is for whoever receives them to say. ID tokens of refreshes are
// compared, not verified, in package app: they come from the token endpoint over
// TLS, and have no nonce.
//
// Where keys may come from, and how they are got, is left to package provider, and
// what becomes of a refused token to package consent.
package idtoken
