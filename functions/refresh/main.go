// Command refresh is the Lambda function that keeps tokens fresh: integrator
// tokens, or merchants' grants and their access tokens, as GRANT_TYPE says. It
// owns what its event means, what it answers, and which metrics and events a
// sweep leaves; everything else is app's and refresh's.
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
		Required: []string{"GRANT_TYPE"},
		Build:    build,
	})
	if err != nil {
		os.Exit(1) // said in the log already
	}
}
