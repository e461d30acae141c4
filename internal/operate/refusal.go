package operate

import "token-refresher/internal/serve"

// refuse makes a normal answer: that is not done, and why. Its words are those of
// the access-token function.
func refuse(code serve.Code, message string) *serve.Refusal {
	return &serve.Refusal{Code: code, Message: message}
}
