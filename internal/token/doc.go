// Package token holds the words of the domain and the decisions that need no
// outside world: what a token is called, what its credentials are, what may be
// printed of it, when it is due, and which of two grants is newer.
//
// It owns the life of a grant: an Entry is the journal's row as a value, and
// every transition of it (a lease, an answer, a put, a consent's exchange, a
// removal) is a pure function, refused with an error where it is not allowed.
//
// It does no input or output and knows neither a provider nor a store. How a
// value is laid out in Secrets Manager belongs to secretstore, except for
// credentials, which people write by hand and whose faults are named here; how a
// row is stored, to journal; in which order the transitions are made, to refresh
// and publish.
package token
