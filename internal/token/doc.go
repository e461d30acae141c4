// Package token holds the words of the domain and the decisions that need no
// outside world: what a token is called, what its credentials are, what may be
// printed of it, and when it is due.
//
// It does no input or output and knows neither a provider nor a store. How a
// value is laid out in Secrets Manager belongs to secretstore, except for
// credentials, which people write by hand and whose faults are named here.
package token
