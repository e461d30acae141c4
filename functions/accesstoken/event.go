package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"token-refresher/internal/serve"
	"token-refresher/internal/token"
)

// maxTTLSeconds is the most life left that makes a difference: 68 years.
const maxTTLSeconds = 1 << 31

// event is what a consumer asks for (docs/contract.md).
type event struct {
	Client   string   `json:"client"`
	Merchant string   `json:"merchant"`        // empty: the token that is bound to none
	MinTTL   *float64 `json:"min_ttl_seconds"` // 60 if it is absent
	Rejected string   `json:"rejected"`
}

// parseEvent reads an event. Fields that are not known are ignored, so that a
// consumer may be newer than the stack. An error shows no value.
func parseEvent(payload []byte) (serve.Request, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return serve.Request{}, fmt.Errorf("the event's field %s is of another type", wrong.Field)
		}
		return serve.Request{}, errors.New(`the event is not a JSON object such as {"client":"subscriptions","merchant":"DK12345678"}`)
	}
	r := serve.Request{
		ID:     token.ID{Client: e.Client, Merchant: e.Merchant},
		MinTTL: serve.DefaultMinTTL, Rejected: e.Rejected,
	}
	if e.Client == "" {
		return serve.Request{}, errors.New("the event names no client")
	}
	if e.MinTTL != nil {
		if *e.MinTTL < 0 {
			return serve.Request{}, errors.New("the event's field min_ttl_seconds is below zero")
		}
		r.MinTTL = time.Duration(min(*e.MinTTL, maxTTLSeconds) * float64(time.Second))
	}
	return r, nil
}
