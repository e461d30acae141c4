// Package operate does what people ask for: it says how every token is doing,
// renews some now, hands out one access token, makes the link by which a
// merchant consents, removes a grant, and looks for what is wrong with the
// deployment.
//
// It owns the events and the answers' JSON (docs/contract.md, "Operator
// function") and the words in them, for the operator function and the command
// line alike. It leaves deciding who may ask to IAM, the renewal itself to
// refresh and serve, publishing and the steps of a removal to publish, what an
// invite is to consent, and rule R and due times to token. Nothing in it shows
// the value of a token but the answer to `get`.
package operate
