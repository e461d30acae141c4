package main

import (
	"context"
	"fmt"
	"io"
)

// doctorCommand is `tokens doctor`.
type doctorCommand struct {
	operatorFlags
}

// Help implements kong's detailed help.
func (*doctorCommand) Help() string {
	return `The exit code is 1 if there is a problem, and 0 if there are warnings at most.

  tokens doctor --stack prod`
}

// Validate implements kong's check of a command's flags.
func (c *doctorCommand) Validate() error { return c.check() }

// The states of a check (docs/contract.md).
const (
	checkOK      = "ok"
	checkWarning = "warning"
	checkProblem = "problem"
	checkSkipped = "skipped"
)

// check is one thing that was looked at, in a sentence with what to do.
type check struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Message string `json:"message"`
}

// Run prints the checks, and fails if one found a problem.
func (c *doctorCommand) Run(ctx context.Context, con console) error {
	var answer struct {
		Checks []check `json:"checks"`
	}
	if err := c.ask(ctx, con, map[string]any{"action": "doctor"}, &answer); err != nil {
		return err
	}
	err := con.answer(answer, func(w io.Writer) {
		for _, line := range checkLines(answer.Checks, paint(con.colored()), con.width()) {
			fmt.Fprintln(w, line)
		}
	})
	problems := 0
	for _, check := range answer.Checks {
		if check.State == checkProblem {
			problems++
		}
	}
	if err == nil && problems > 0 {
		err = fmt.Errorf("%d of %d checks found a problem", problems, len(answer.Checks))
	}
	return err
}

// checkLines are the checks in a width: the state, what was looked at, and the
// message beside it.
func checkLines(checks []check, paint paint, width int) []string {
	names := 0
	for _, check := range checks {
		names = max(names, columns(printable(check.Name)))
	}
	names = min(names, width/3)
	var lines []string
	for _, check := range checks {
		head := paint.do(checkColor(check.State), pad(printable(check.State), len(checkProblem))) + "  " + pad(shorten(printable(check.Name), names), names) + "  "
		indent := len(checkProblem) + names + 4
		for i, line := range wrap(printable(check.Message), width-indent) {
			if i > 0 {
				head = pad("", indent)
			}
			lines = append(lines, head+line)
		}
	}
	return lines
}

func checkColor(state string) color {
	switch state {
	case checkOK:
		return green
	case checkWarning:
		return yellow
	case checkSkipped:
		return faint
	default:
		return red
	}
}
