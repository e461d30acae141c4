package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"token-refresher/internal/importer"
)

// importLog tells of an import: with a bar at a terminal, with one line for each
// grant elsewhere, and with a summary at the end.
type importLog struct {
	console
	verbose bool
}

// importedGrant is one line of an import, as JSON.
type importedGrant struct {
	Token   string           `json:"token"`
	Line    int              `json:"line"`
	Outcome importer.Outcome `json:"outcome"`
	Error   string           `json:"error,omitempty"`
}

// importedAll is the last line, as JSON.
type importedAll struct {
	DryRun    bool `json:"dry_run,omitempty"`
	Grants    int  `json:"grants"`
	Created   int  `json:"created"`
	Replaced  int  `json:"replaced"`
	Exists    int  `json:"exists"`
	Failed    int  `json:"failed"`
	Remaining int  `json:"remaining"`
}

// dryRun tells what would be done.
func (l importLog) dryRun(steps []importer.Step) error {
	if l.verbose || !isTerminal(l.out) {
		for _, step := range steps {
			l.line(step)
		}
	}
	return l.end(steps, 0, "would be ")
}

// run does the steps and tells what becomes of each.
func (l importLog) run(ctx context.Context, work *importer.Importer, steps []importer.Step) error {
	bar := l.bar(len(steps))
	done := make([]importer.Step, 0, len(steps))
	remaining := work.Run(ctx, steps, func(step importer.Step) {
		done = append(done, step)
		if bar == nil || step.Outcome == importer.Failed {
			if bar != nil {
				_ = bar.Clear() // the terminal is gone
			}
			l.line(step)
		}
		if bar != nil {
			_ = bar.Add(1) // as above
		}
	})
	return l.end(done, remaining, "")
}

// bar is nil where lines are printed instead.
func (l importLog) bar(grants int) *progressbar.ProgressBar {
	if l.verbose || l.json || !isTerminal(l.out) || !isTerminal(l.err) {
		return nil
	}
	return progressbar.NewOptions(grants,
		progressbar.OptionSetWriter(l.err),
		progressbar.OptionSetDescription("importing"),
		progressbar.OptionSetWidth(min(40, l.width()/3)),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
}

// line tells what became of one grant.
func (l importLog) line(step importer.Step) {
	told := importedGrant{Token: step.Grant.ID.String(), Line: step.Line, Outcome: step.Outcome}
	if step.Err != nil {
		told.Error = step.Err.Error()
	}
	_ = l.answer(told, func(w io.Writer) { // a struct of strings
		text := told.Token + ": " + string(told.Outcome)
		if told.Error != "" {
			text += ": " + told.Error
		}
		fmt.Fprintln(w, printable(text))
	})
}

// end tells what became of all, and fails if something is left to do.
func (l importLog) end(steps []importer.Step, remaining int, prefix string) error {
	all := importedAll{DryRun: prefix != "", Grants: len(steps) + remaining, Remaining: remaining}
	all.Created, all.Replaced, all.Exists, all.Failed = counts(steps)
	err := l.answer(all, func(w io.Writer) { fmt.Fprintln(w, summary(steps, prefix)) })
	switch {
	case err != nil:
		return err
	case remaining > 0:
		return fmt.Errorf("ended with %s to do: run it again to go on", plural(remaining, "grant"))
	case all.Failed > 0:
		return fmt.Errorf("%s failed: run it again when that is put right", plural(all.Failed, "grant"))
	}
	return nil
}

func counts(steps []importer.Step) (created, replaced, exists, failed int) {
	for _, step := range steps {
		switch step.Outcome {
		case importer.Created:
			created++
		case importer.Replaced:
			replaced++
		case importer.Exists:
			exists++
		case importer.Failed:
			failed++
		}
	}
	return created, replaced, exists, failed
}

// summary counts outcomes in one line. With a prefix it is of what would be.
func summary(steps []importer.Step, prefix string) string {
	created, replaced, exists, failed := counts(steps)
	parts := []string{fmt.Sprintf("%d %screated", created, prefix)}
	if replaced > 0 {
		parts = append(parts, fmt.Sprintf("%d %sreplaced", replaced, prefix))
	}
	parts = append(parts, fmt.Sprintf("%d there already", exists))
	if failed > 0 {
		word := "failed"
		if prefix != "" {
			word = "cannot be imported"
		}
		parts = append(parts, fmt.Sprintf("%d %s", failed, word))
	}
	return plural(len(steps), "grant") + ": " + strings.Join(parts, ", ")
}
