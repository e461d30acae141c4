// Package serve hands out access tokens: to services through the access-token
// function, to people through the operator's.
//
// It owns what a consumer may rely on (docs/contract.md, "Access-token
// function"): what counts as fresh, how long anybody waits, what a rejected
// token costs, when the provider is not asked, the word for why there is no
// token, and the JSON of either answer. It keeps tokens in the instance's
// memory for 30 s at most, and those of client credentials that are published
// nowhere while they are fresh.
//
// It leaves who may ask to IAM, a renewal and its lease to refresh, due times
// and the cooldown of rejections to token, and publishing to the next sweep.
package serve
