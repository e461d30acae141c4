// Package authserver emulates the authorization servers that the project talks
// to, so that the sandbox and the tests meet what the real ones do: the
// MobilePay integrator server behind its API gateway (client credentials,
// discovery), the MobilePay merchant server (a merchant's consent by the hybrid
// flow, with pages or without a browser; code exchange, refresh tokens,
// revocation, ID tokens and their keys), and the two token endpoints of Vipps
// MobilePay.
//
// It owns the answers, in success and in failure, the faults that can be
// switched on per client, and a record of what was asked and issued. Consents,
// codes, nonces, refresh tokens and the keys of ID tokens can be kept in a file,
// which is written before an answer leaves; everything else is in memory: client
// credentials leave nothing behind that a restart could lose, and a merchant
// that was on its way logs in again.
//
// It leaves to others: listening (Server is an [http.Handler]; give the
// http.Server a BaseContext that ends with the program, or a hanging request
// outlives it), and any judgement of what it answers. Access tokens are signed
// with a key that nobody else knows, so they look right and open nothing.
package authserver
