// Package file keeps the journal of package journal in one file, for the sandbox
// and for tests. No Lambda function is built with it.
//
// It stores the same rows and keeps the same promises as the table: the contract
// test of package journaltest runs against both. Each operation is one
// transaction of bbolt, on disk before it returns, so that a process that is
// killed loses nothing it was told is stored.
package file
