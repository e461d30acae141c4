// Command consent is the Lambda function behind the HTTP API that merchants'
// browsers reach: they begin a consent with an invite, and come back with the
// provider's answer. It owns the form that API Gateway gives to HTTP; what is
// answered is consent's.
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
		Required: []string{"JOURNAL_TABLE", "PUBLIC_URL"},
		Build:    build,
	})
	if err != nil {
		os.Exit(1) // said in the log already
	}
}
