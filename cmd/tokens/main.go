// Command tokens is the project's command line. It owns what a person types and
// reads, one file per command, and leaves the work to the packages below it.
//
// Exit codes: 0 done, 1 failed, 2 wrong usage.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is the release that this source becomes (CHANGELOG.md).
const version = "0.1.0"

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// commands is the command line, as kong reads it.
type commands struct {
	JSON    bool             `name:"json" help:"Print JSON, one object a line, instead of text."`
	Version kong.VersionFlag `help:"Print the version."`

	Status  statusCommand  `cmd:"" help:"Show how tokens are doing."`
	Get     getCommand     `cmd:"" help:"Print an access token."`
	Refresh refreshCommand `cmd:"" help:"Renew tokens now."`
	Sandbox sandboxCommand `cmd:"" help:"Run the whole system on this machine, many times faster."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var line commands
	parser, err := kong.New(&line,
		kong.Name("tokens"),
		kong.Description("Keeps OAuth 2.0 access tokens fresh."),
		kong.Writers(stdout, stderr),
		kong.Vars{"version": fmt.Sprintf("tokens %s %s/%s", version, runtime.GOOS, runtime.GOARCH)},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "tokens:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "tokens: %v\nRun \"tokens --help\" to see how it is used.\n", err)
		return exitUsage
	}
	command.BindTo(newPrinter(stdout, line.JSON), (*printer)(nil))
	command.Bind(output{w: stdout, json: line.JSON})
	if err := command.Run(); err != nil {
		fmt.Fprintln(stderr, "tokens:", err)
		return exitFailed
	}
	return exitDone
}
