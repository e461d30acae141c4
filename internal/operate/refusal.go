package operate

import "token-refresher/internal/serve"

// Refusal is a normal answer: that is not done, and why. Its words are those of
// the access-token function.
type Refusal = serve.Refusal //nolint:errname // see serve.Refusal

// The codes of refusals.
const (
	ConsentRequired     = serve.ConsentRequired
	UnknownToken        = serve.UnknownToken
	ProviderUnavailable = serve.ProviderUnavailable
	ClientMisconfigured = serve.ClientMisconfigured
	NotAllowed          = serve.NotAllowed
)

func refuse(code serve.Code, message string) *Refusal { return &Refusal{Code: code, Message: message} }
