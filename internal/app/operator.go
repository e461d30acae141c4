package app

import (
	"errors"
	"fmt"

	"token-refresher/internal/operate"
)

// Operator returns what answers people. It needs the journal.
func (a *App) Operator() (*operate.Operator, error) {
	if a.grants == nil {
		return nil, errors.New("make the operator: there is no journal")
	}
	operator, err := operate.New(operate.Config{
		Inventory: operate.Inventory{
			Store: a.store, Journal: a.grants.journal, Schedule: a.schedule(), Concurrency: a.Config.RefreshConcurrency,
		},
		Writer:     a.store,
		Swapper:    a.grants.journal,
		Renewer:    a.grants.renewer,
		Publisher:  a.grants.publisher,
		Dial:       a.dial,
		DialGrants: a.dialGrants,
		Tell:       a.tell,
		Log:        a.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("make the operator: %w", err)
	}
	return operator, nil
}
