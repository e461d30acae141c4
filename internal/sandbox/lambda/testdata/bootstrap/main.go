// Command bootstrap is a function for the tests of the emulator: it does what
// the event tells it to.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing/iotest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// event says what to do; address is where a "meet" waits for the test.
type event struct {
	Do      string `json:"do"`
	Address string `json:"address"`
}

// report is what the function saw of its surroundings.
type report struct {
	PID         int      `json:"pid"`
	RequestID   string   `json:"request_id"`
	ARN         string   `json:"arn"`
	Trace       string   `json:"trace"`
	RemainingMS int64    `json:"remaining_ms"`
	Directory   string   `json:"directory"`
	Environment []string `json:"environment"`
}

func main() {
	if address := os.Getenv("BEACON"); address != "" {
		go func() { _ = meet(address) }()
	}
	switch os.Getenv("START") {
	case "exit":
		os.Exit(3)
	case "hang":
		hang()
	case "report":
		reportStart()
	case "raw":
		speakBadly()
	}
	lambda.Start(handle)
}

// reportStart does what other runtimes do and aws-lambda-go does not.
func reportStart() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/init/error"
	send(api, []byte(`{"errorType":"Start.Failed","errorMessage":"no configuration"}`))
	os.Exit(1)
}

func handle(ctx context.Context, e event) (any, error) {
	switch e.Do {
	case "fail":
		return nil, errors.New("it did not work")
	case "panic":
		panic("out of order")
	case "exit":
		os.Exit(4)
	case "vanish":
		os.Exit(0)
	case "hang":
		hang()
	case "print":
		_, _ = os.Stdout.WriteString("to stdout\n")
		_, _ = os.Stderr.WriteString("to stderr\n")
	case "large":
		return strings.Repeat("x", 7<<20), nil
	case "break":
		return io.MultiReader(strings.NewReader("{"), iotest.ErrReader(errors.New("half way"))), nil
	case "meet":
		return nil, meet(e.Address)
	}
	return look(ctx), nil
}

// hang waits until the process is ended. A timer runs meanwhile: without cgo,
// Go's runtime ends a process of which every goroutine waits for ever.
func hang() { time.Sleep(24 * time.Hour) }

// meet connects to the test, sends the process id, and waits until it hangs up.
// The connection ends with the process.
func meet(address string) error {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(connection, os.Getpid()); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, connection)
	return connection.Close()
}

func look(ctx context.Context) report {
	deadline, _ := ctx.Deadline()
	known, _ := lambdacontext.FromContext(ctx)
	directory, _ := os.Getwd()
	return report{
		PID:         os.Getpid(),
		RequestID:   known.AwsRequestID,
		ARN:         known.InvokedFunctionArn,
		Trace:       os.Getenv("_X_AMZN_TRACE_ID"),
		RemainingMS: time.Until(deadline).Milliseconds(),
		Directory:   directory,
		Environment: os.Environ(),
	}
}
