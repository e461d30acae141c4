// Package statuspage is the local page that shows every token with the life it
// has left, what the sweeps did, and the provider's switchable faults, live and
// without reloading; and that lets a person invite a merchant or take a consent
// back, to watch what becomes of it.
//
// It owns the page, its order (trouble first), its event stream and their
// guards: it answers on loopback names only (so that no other site reaches it by
// rebinding its own name to 127.0.0.1), takes changes from its own pages only,
// and has no place in its types where the value of a token could stand. Where
// the figures come from is for the Source to say, what an invitation and a
// revocation are for the functions of Config; who may connect at all is for the
// listener.
package statuspage
