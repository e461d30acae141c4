package main

import "token-refresher/internal/app"

// build makes the handler of an instance.
func build(a *app.App) (any, error) {
	operator, err := a.Operator()
	if err != nil {
		return nil, err
	}
	return operator.Handle, nil
}
