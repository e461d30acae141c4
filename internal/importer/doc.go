// Package importer brings grants that merchants have given elsewhere into their
// secrets: it reads them from a file, says what an import would do, and does it,
// each grant exactly once. It keeps no state: what is done it sees in the
// secrets, so that an import may be killed at any moment and run again.
//
// It never puts an old grant over a live one: what it may replace it decides by
// what the secret holds (see Importer.Plan). No error contains a value of the
// file; a grant is named by its line.
//
// It leaves to others: the secrets' names, layout and write rate (secretstore),
// what becomes of an imported grant (publish, by rule R), and asking people and
// telling them (cmd/tokens).
package importer
