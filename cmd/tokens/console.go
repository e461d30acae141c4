package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/term"

	"token-refresher/internal/app"
)

const (
	// pipedWidth is how wide a table is where nothing says how wide it may be.
	pipedWidth = 80
	minWidth   = 64 // below it lines wrap
	maxWidth   = 400
	// maxTyped is the longest line that is read from a person, and the longest
	// secret that is read from a file.
	maxTyped = 64 << 10
)

// process is what a command has of the process that it runs in.
type process struct {
	in       io.Reader
	out, err io.Writer
	lookup   app.Lookup
}

// console is what a command talks to: people at a terminal, or programs.
type console struct {
	process
	json  bool
	color string // auto, always or never
}

// usageError is a fault of the command line that only running it finds.
type usageError struct{ problem string }

func (e usageError) Error() string { return e.problem }

// isTerminal reports whether it is a person at the other end.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colored reports whether standard output takes colours (https://no-color.org).
func (c console) colored() bool {
	none, _ := c.lookup("NO_COLOR")
	terminal, _ := c.lookup("TERM")
	switch c.color {
	case "always":
		return true
	case "never":
		return false
	default:
		return none == "" && terminal != "dumb" && isTerminal(c.out)
	}
}

// width is how many columns standard output has.
func (c console) width() int {
	if file, ok := c.out.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return min(max(columns, minWidth), maxWidth)
		}
	}
	named, _ := c.lookup("COLUMNS")
	if columns, err := strconv.Atoi(named); err == nil && columns > 0 {
		return min(max(columns, minWidth), maxWidth)
	}
	return pipedWidth
}

// answer prints what a command found out: as JSON, or as text does. An answer
// that did not get out, as on a full disk, is an error; one that nobody wants to
// read to its end is not.
func (c console) answer(answer any, text func(io.Writer)) error {
	var whole bytes.Buffer
	if c.json {
		line, err := printableJSON(answer)
		if err != nil {
			return err
		}
		whole.Write(line)
	} else {
		text(&whole)
	}
	if _, err := c.out.Write(whole.Bytes()); err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// note tells a person at the terminal something that is not the answer.
func (c console) note(format string, args ...any) {
	fmt.Fprintln(c.err, "tokens: "+printable(fmt.Sprintf(format, args...)))
}

// ask asks a person, and returns the line that they type.
func (c console) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(c.err, question)
	return c.typed(ctx, func() (string, error) {
		line, err := bufio.NewReader(io.LimitReader(c.in, maxTyped)).ReadString('\n')
		if errors.Is(err, io.EOF) && line != "" {
			err = nil
		}
		return line, err
	})
}

// askSecret asks a person for what nobody else may see.
func (c console) askSecret(ctx context.Context, question string) (string, error) {
	file, ok := c.in.(*os.File)
	if !ok {
		return "", usageError{"there is no terminal to ask at"}
	}
	terminal := int(file.Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return "", fmt.Errorf("look at the terminal: %w", err)
	}
	// Whoever ends the program while it waits gets the echo back.
	defer func() { _ = term.Restore(terminal, before) }()
	fmt.Fprint(c.err, question)
	defer fmt.Fprintln(c.err)
	return c.typed(ctx, func() (string, error) {
		secret, err := term.ReadPassword(terminal)
		return string(secret), err
	})
}

// typed waits for what a person types, or for the signal to give up: a read from
// a terminal cannot be ended.
func (c console) typed(ctx context.Context, read func() (string, error)) (string, error) {
	type line struct {
		text string
		err  error
	}
	came := make(chan line, 1)
	go func() {
		text, err := read()
		came <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(c.err)
		return "", errors.New("interrupted")
	case line := <-came:
		if line.err != nil {
			return "", fmt.Errorf("no answer: %w", line.err)
		}
		return strings.TrimSpace(line.text), nil
	}
}

// readFile reads a small file, or standard input if it is called "-". The name
// is shown in errors, the content never.
func (c console) readFile(name string) ([]byte, error) {
	from := c.in
	if name != "-" {
		file, err := openFile(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	content, err := io.ReadAll(io.LimitReader(from, maxTyped+1))
	switch {
	case err != nil:
		return nil, fileError(name, err)
	case len(content) > maxTyped:
		return nil, fmt.Errorf("read %q: it is longer than %d bytes", name, maxTyped)
	}
	return content, nil
}

// openFile opens a file that the person named.
func openFile(name string) (*os.File, error) {
	file, err := os.Open(name) //nolint:gosec // it is theirs to name, with their own rights
	if err != nil {
		return nil, fileError(name, err)
	}
	return file, nil
}

// fileError says what is wrong with a file, with its name as it was given.
func fileError(name string, err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("read %q: %w", name, err)
}
