// Command accesstoken is the Lambda function that services ask for an access
// token, long-lived or short: the only way to the short-lived ones. It owns what
// its event means; the work and the answers are serve's.
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
