// Command tokens is the project's command line. It owns what a person types and
// reads, one file per command, and leaves the work to the packages below it.
//
// Exit codes: 0 done, 1 failed, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"fmt"
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
	Color   string           `name:"color" enum:"auto,always,never" default:"auto" placeholder:"WHEN" help:"Use colours: auto (on a terminal, unless NO_COLOR is set), always or never."`
	Version kong.VersionFlag `help:"Print the version."`

	Client  clientCommand  `cmd:"" help:"Keep what providers gave you."`
	Invite  inviteCommand  `cmd:"" help:"Make the link by which a merchant gives consent."`
	Status  statusCommand  `cmd:"" help:"Show how tokens are doing."`
	Get     getCommand     `cmd:"" help:"Print an access token."`
	Refresh refreshCommand `cmd:"" help:"Renew tokens now."`
	Remove  removeCommand  `cmd:"" help:"Give up a merchant's grant."`
	Import  importCommand  `cmd:"" help:"Bring grants that merchants gave elsewhere."`
	Doctor  doctorCommand  `cmd:"" help:"Look for what is wrong, and say what to do."`
	Sandbox sandboxCommand `cmd:"" help:"Run the whole system on this machine, many times faster."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], process{in: os.Stdin, out: os.Stdout, err: os.Stderr, lookup: os.LookupEnv})
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, p process) int {
	var line commands
	parser, err := kong.New(&line,
		kong.Name("tokens"),
		kong.Description("Keeps OAuth 2.0 access tokens fresh."),
		kong.Writers(p.out, p.err),
		kong.Vars{"version": fmt.Sprintf("tokens %s %s/%s", version, runtime.GOOS, runtime.GOARCH)},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(p.err, "tokens:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	if err != nil {
		if fault, ok := errors.AsType[*kong.ParseError](err); ok {
			command = fault.Context
		}
		return p.usage(err, command)
	}
	command.BindTo(newPrinter(p.out, line.JSON), (*printer)(nil))
	command.Bind(console{process: p, json: line.JSON, color: line.Color})
	err = command.Run()
	if usage, ok := errors.AsType[usageError](err); ok {
		return p.usage(usage, command)
	}
	if err != nil {
		fmt.Fprintln(p.err, "tokens:", printableLines(err.Error()))
		return exitFailed
	}
	return exitDone
}

// usage says what is wrong with the command line, and whose help says more: that
// of as much of a command as was understood.
func (p process) usage(err error, command *kong.Context) int {
	name := "tokens"
	if command != nil {
		for _, step := range command.Path {
			if step.Command != nil {
				name += " " + step.Command.Name
			}
		}
	}
	fmt.Fprintf(p.err, "tokens: %s\nRun \"%s --help\" to see how it is used.\n", printableLines(err.Error()), name)
	return exitUsage
}
