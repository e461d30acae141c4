// Command check uses tokens.go, as it stands in the README, and prints what it
// got: of tokens the SHA-256, of errors what they say.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/config"

	"consumer/tokens"
)

func main() {
	ctx := context.Background()
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		panic(err)
	}
	source := tokens.NewSource(aws, "mobilepay", os.Args[1])
	client, merchant := os.Args[2], os.Args[3]

	show("secret")(source.FromSecret(ctx, "pos", ""))
	show("secret-again")(source.FromSecret(ctx, "pos", ""))
	show("secret-bound")(source.FromSecret(ctx, "pos", "DK12345678"))
	first, err := source.FromFunction(ctx, client, merchant, "")
	show("function")(first, err)
	show("function-again")(source.FromFunction(ctx, client, merchant, ""))
	show("function-rejected")(source.FromFunction(ctx, client, merchant, first))
	show("function-unbound")(source.FromFunction(ctx, "pos", "", ""))
	for range 2 {
		_, err := source.FromSecret(ctx, "aged", "")
		_, more := source.FromFunction(ctx, "aged", "", "")
		if err := errors.Join(err, more); err != nil {
			fmt.Println("aged", err)
		}
	}
	aged, _ := source.FromFunction(ctx, "dying", "", "")
	show("dying")(source.FromFunction(ctx, "dying", "", ""))
	show("dying-rejected")(source.FromFunction(ctx, "dying", "", aged))
	var crowd sync.WaitGroup
	for range 20 {
		crowd.Go(func() { show("crowd")(source.FromFunction(ctx, "crowd", "", "")) })
	}
	crowd.Wait()
	show("none")(source.FromFunction(ctx, "nobody", "", ""))
	show("failed")(source.FromFunction(ctx, "", "", ""))
}

func show(step string) func(token string, err error) {
	return func(token string, err error) {
		var none *tokens.NoToken
		switch {
		case errors.As(err, &none):
			fmt.Println(step, "NoToken", none.Code)
		case err != nil:
			fmt.Println(step, err)
		default:
			fmt.Printf("%s %x\n", step, sha256.Sum256([]byte(token)))
		}
	}
}
