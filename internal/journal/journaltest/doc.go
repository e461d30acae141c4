// Package journaltest is the contract of a journal as tests: what Get, Swap, the
// two indexes, the list and the notes promise, whoever keeps them.
//
// It owns the tests ([Run], [RunInBubble]) and a journal in memory ([Memory])
// for the tests of other packages. It is for tests only, opens no sockets and
// never sleeps.
package journaltest
