package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/operate"
	"token-refresher/internal/token"
)

// statusCommand is `tokens status`.
type statusCommand struct {
	Token   string   `arg:"" optional:"" help:"A client, or one token such as pos/DK12345678; all if none is named."`
	Client  string   `placeholder:"NAME" help:"Only the tokens of this client."`
	State   []string `placeholder:"STATE" help:"Only tokens in these states, such as expired,missing."`
	Trouble bool     `help:"Only what somebody has to look at."`
	All     bool     `help:"On a terminal, show the calm ones too, however many they are."`
	operatorFlags
}

// Help implements kong's detailed help.
func (*statusCommand) Help() string {
	return `What needs somebody comes first. The states:

  unreadable        what is stored is something else, or cannot be opened
  consent_required  only the merchant can help: send a link (tokens invite)
  expired           of no use to anybody
  missing           promised, and never got
  due               to be renewed by the next sweep, or after a failure
  held              due, but its secret was written too recently
  parked            the grant's secret was deleted by hand
  fresh             not due yet
  idle              asked for by nobody: renewed once a day, or when it is
  removed           by command (tokens remove)

  tokens status --stack prod --trouble
  tokens status subscriptions/DK12345678 --stack prod`
}

// Validate implements kong's check of a command's flags.
func (c *statusCommand) Validate() error {
	if c.Token != "" && c.Client != "" {
		return errors.New("name a client once: as an argument or with --client")
	}
	for _, id := range []string{c.Token, c.Client} {
		if id == "" {
			continue
		}
		if _, err := token.ParseID(id); err != nil {
			return err
		}
	}
	if strings.Contains(c.Client, "/") {
		return errors.New("--client: names a client alone")
	}
	for i, state := range c.State {
		c.State[i] = strings.ReplaceAll(state, "-", "_")
		if !slices.Contains(stateNames(), c.State[i]) {
			return fmt.Errorf("--state: must be one of %s", strings.Join(stateNames(), ", "))
		}
	}
	return c.check()
}

// Run prints how the tokens are doing.
func (c *statusCommand) Run(ctx context.Context, con console) error {
	id, _ := token.ParseID(c.Token) // checked by Validate
	if c.Client != "" {
		id = token.ID{Client: c.Client}
	}
	status, err := c.status(ctx, con, id)
	if err != nil {
		return err
	}
	if id.Client != "" && !knows(status, id) {
		return fmt.Errorf("there is no client or token of the name %s", id)
	}
	status = c.filter(status)
	return con.answer(status, func(w io.Writer) {
		table := statusTable{paint: paint(con.colored()), width: con.width(), now: time.Now(), all: c.All || !isTerminal(con.out)}
		for _, line := range table.lines(status) {
			fmt.Fprintln(w, line)
		}
	})
}

// knows reports whether a status says anything of what was asked for.
func knows(status operate.Status, id token.ID) bool {
	return slices.ContainsFunc(status.Clients, func(client operate.Client) bool {
		return client.Name == id.Client && (id.Merchant == "" || len(client.Tokens) > 0)
	})
}

// filter leaves what the flags ask for. A client that has a problem is trouble
// itself; by state, only clients with such tokens are left.
func (c *statusCommand) filter(status operate.Status) operate.Status {
	left := operate.Status{Clients: []operate.Client{}}
	for _, client := range status.Clients {
		client.Tokens = slices.DeleteFunc(slices.Clone(client.Tokens), func(t operate.Token) bool {
			return c.Trouble && !inTrouble(t) || len(c.State) > 0 && !slices.Contains(c.State, string(t.State))
		})
		if client.Tokens == nil {
			client.Tokens = []operate.Token{} // a list, empty or not
		}
		filtered := c.Trouble || len(c.State) > 0
		if !filtered || len(client.Tokens) > 0 || client.Problem != "" && len(c.State) == 0 {
			left.Clients = append(left.Clients, client)
		}
	}
	return left
}
