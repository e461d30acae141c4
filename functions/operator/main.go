// Command operator is the Lambda function that people ask: how the tokens are
// doing, to renew some now, for one of them. It owns what its events mean and
// how they are answered; the work is operate's.
package main

import (
	"context"
	"os"

	"token-refresher/internal/app"
)

func main() {
	err := app.Run(context.Background(), app.Function{
		Lookup:   os.LookupEnv,
		Output:   os.Stdout,
		Required: []string{"JOURNAL_TABLE"},
		Build:    build,
	})
	if err != nil {
		os.Exit(1) // said in the log already
	}
}
