// Package authserver emulates the authorization servers that the project talks
// to, so that the sandbox and the tests meet what the real ones do: the
// MobilePay integrator server behind its API gateway (client credentials,
// discovery), the MobilePay merchant server (refresh tokens, revocation, and a
// consent without a browser), and the two token endpoints of Vipps MobilePay.
//
// It owns the answers, in success and in failure, the faults that can be
// switched on per client, and a record of what was asked and issued. Consents
// and refresh tokens can be kept in a file, which is written before an answer
// leaves; everything else is in memory: client credentials leave nothing behind
// that a restart could lose.
//
// It leaves to others: listening (Server is an [http.Handler]; give the
// http.Server a BaseContext that ends with the program, or a hanging request
// outlives it), and any judgement of what it answers. Access tokens are signed
// with a key that nobody else knows, so they look right and open nothing.
package authserver
