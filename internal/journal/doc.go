// Package journal keeps one entry per grant in DynamoDB: when it is due, who
// renews it, how that went, what of it is published, and, sealed, its newest
// answer. Beside the entries it keeps small notes.
//
// It owns the layout of a row ([Codec], shared with package file), the table
// ([TableInput]), the way one write is told from another, and what DynamoDB's
// errors mean; it is the only importer of that client. What an entry's fields
// mean and how they may change is for package token: there is one write, Swap,
// that stores an entry in place of the one it was made from.
//
// The journal is the only place that knows the newest refresh token between a
// renewal and its publication. It is never restored from a backup: a restored
// row holds spent tokens.
package journal
