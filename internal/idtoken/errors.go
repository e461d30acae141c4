package idtoken

import "errors"

// ErrKeysUnavailable says that nothing is known about a token, because the
// provider's keys could not be had. Trying again may help.
var ErrKeysUnavailable = errors.New("the provider's keys could not be had")

// The checks, by the claim, the header parameter or the part that they are about.
const (
	checkMissing   = "missing"   // there is no token
	checkMalformed = "malformed" // it is no signed JWT, too large, or says something twice
	checkAlg       = "alg"
	checkKid       = "kid"
	checkSignature = "signature"
	checkIss       = "iss"
	checkAud       = "aud"
	checkAzp       = "azp"
	checkExp       = "exp"
	checkIat       = "iat"
	checkNbf       = "nbf"
	checkNonce     = "nonce"
	checkSub       = "sub"
	checkCHash     = "c_hash"
	checkAtHash    = "at_hash"
)

// Error is an ID token that was refused. It holds nothing of the token.
type Error struct {
	// Check is the first check that failed: missing, malformed, alg, kid,
	// signature, iss, aud, azp, exp, iat, nbf, nonce, sub, c_hash or at_hash.
	Check string
}

// Error implements error.
func (e *Error) Error() string { return "the ID token was refused: " + e.Check }
