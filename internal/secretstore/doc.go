// Package secretstore keeps credentials, grants and access tokens in AWS Secrets
// Manager: it lists, loads, creates, replaces, restores and deletes secrets, and
// it is the only package that knows that service, the names of the secrets and
// the layout of their values.
//
// It refuses to write what it could not read back, holds the account's write
// rate, and tells errors apart: what is missing, deleted, unreadable or written
// by somebody else with the errors of package token, the rest with the sentinels
// here. No error contains a secret's value.
//
// It leaves to others: when a token is due and whether one may be written
// (token, refresh), what a put of a grant may cover (publish), the AWS client's
// region, endpoint and HTTP settings (app), and what a provider demands of
// credentials (provider).
package secretstore
