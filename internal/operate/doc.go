// Package operate does what people ask for: it says how every token is doing,
// renews some now, and hands out one access token.
//
// It owns the answers' JSON (docs/contract.md, "Operator function") and the
// words in it. It leaves deciding who may ask to IAM, the renewal itself to
// refresh, publishing to publish, and rule R and due times to token. Nothing in
// it shows the value of a token but Operator.Get.
package operate
