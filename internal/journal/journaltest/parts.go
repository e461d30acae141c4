package journaltest

import "testing"

type opener = func(t *testing.T, o Options) Backend

// part is one statement of the contract.
type part struct {
	name string
	test func(*testing.T, opener)
}

func parts() []part {
	return []part{
		{"an entry is read back whole", testWhole},
		{"what is not there is not found", testNotFound},
		{"an entry is made once", testMadeOnce},
		{"an entry replaces the one that was read", testReplace},
		{"a row that is gone is not replaced, but made again", testGone},
		{"a write whose answer was lost is no conflict", testLostAnswer},
		{"an attempt that is repeated is one write", testAttempt},
		{"of concurrent swaps one wins", testOneWins},
		{"concurrent changes lose nothing", testNothingLost},
		{"a cancelled call does nothing", testCancelled},
		{"what could not be read back is refused", testRefused},

		{"due entries come in order", testDue},
		{"unpublished entries come in order", testUnpublished},
		{"an index follows its entries", testIndexMoves},
		{"all entries are listed, unopened", testEntries},
		{"a listed entry keeps its answer", testListedSwap},

		{"a note is swapped like an entry", testNotes},
		{"of concurrent note swaps one wins", testNoteOneWins},

		{"nothing secret is stored in the clear", testSealed},
		{"a sealed answer stays as it is while it is the same", testCarried},
		{"an answer that cannot be opened stops only itself", testUnreadableAnswer},
		{"an answer belongs to its entry and revision", testMislabelled},
		{"a key that cannot be read is no verdict", testKeyUnavailable},
		{"without a key nothing is stored", testNotReady},
		{"no answer is lost by a swap", testAnswerLost},

		{"the fields of a newer schema survive", testNewerSchema},
		{"a row for newer readers is left alone", testNewerReader},
		{"an unreadable row hides no other", testUnreadableRow},
		{"a full memory fits", testFullMemory},

		{"any sequence of operations", testModel},
	}
}
