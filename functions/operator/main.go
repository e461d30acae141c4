// Command operator is the Lambda function that people ask: how the tokens are
// doing, to renew some now, for one of them, for a link that a merchant consents
// by, to remove a grant, and what is wrong with the deployment. Its events and
// the work are operate's.
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
