// Package simulation holds no code, only tests: whole days of the system in
// simulated time, many sweepers on one journal, one Secrets Manager and one
// authorization server, all in memory. What it must never see is written down
// in violations; what it makes go wrong, in the tests.
//
// Two runs with the same seed give the same trace. Every call waits a time that
// derives from the seed, the operation, the token and a count, so that no two
// things happen at the same moment and the order is the seed's.
package simulation
