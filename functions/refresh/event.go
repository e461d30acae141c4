package main

import (
	"fmt"

	"token-refresher/internal/invocation"
)

// actionSweep is the one action: look at every token, renew what is due.
const actionSweep = "sweep"

// checkEvent reports why payload is not the event `{"action":"sweep"}`, or nil.
func checkEvent(payload []byte) error {
	action, err := invocation.Read(payload, nil)
	if err != nil {
		return err
	}
	if action != actionSweep {
		return fmt.Errorf(`the event asks for an unknown action %q: only "sweep" is known`, invocation.Shown(action))
	}
	return nil
}
