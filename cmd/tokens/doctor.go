package main

import (
	"context"
	"fmt"
	"io"

	"token-refresher/internal/operate"
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

// Run prints the checks, and fails if one found a problem.
func (c *doctorCommand) Run(ctx context.Context, con console) error {
	var answer operate.Diagnosis
	if err := c.ask(ctx, con, map[string]any{"action": "doctor"}, &answer); err != nil {
		return err
	}
	if len(answer.Checks) == 0 {
		return errStrange
	}
	err := con.answer(answer, func(w io.Writer) {
		for _, line := range checkLines(answer.Checks, paint(con.colored()), con.width()) {
			fmt.Fprintln(w, line)
		}
	})
	problems := 0
	for _, check := range answer.Checks {
		if check.State == operate.CheckProblem {
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
func checkLines(checks []operate.Check, paint paint, width int) []string {
	names := 0
	for _, check := range checks {
		names = max(names, columns(printable(check.Name)))
	}
	names = min(names, width/3)
	var lines []string
	for _, check := range checks {
		head := paint.do(checkColor(check.State), pad(printable(string(check.State)), len(operate.CheckProblem))) + "  " + pad(shorten(printable(check.Name), names), names) + "  "
		indent := len(operate.CheckProblem) + names + 4
		for i, line := range wrap(printable(check.Message), width-indent) {
			if i > 0 {
				head = pad("", indent)
			}
			lines = append(lines, head+line)
		}
	}
	return lines
}

func checkColor(state operate.CheckState) color {
	switch state {
	case operate.CheckOK:
		return green
	case operate.CheckWarning:
		return yellow
	case operate.CheckSkipped:
		return faint
	default:
		return red
	}
}
