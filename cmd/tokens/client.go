package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

	"token-refresher/internal/app"
	"token-refresher/internal/operate"
	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// clientCommand are the commands about clients.
type clientCommand struct {
	Put  clientPutCommand  `cmd:"" help:"Store what a provider gave you, or change it."`
	List clientListCommand `cmd:"" help:"List the clients."`
}

// secretsFlags say where secrets are written, with the operator's own rights.
type secretsFlags struct {
	Prefix      string `env:"SECRET_PREFIX" default:"mobilepay" placeholder:"PREFIX" help:"First part of the secrets' names (default: ${default})."`
	Region      string `placeholder:"REGION" help:"Region (default: the AWS configuration's)."`
	EndpointURL string `name:"endpoint-url" env:"AWS_ENDPOINT_URL_SECRETS_MANAGER,AWS_ENDPOINT_URL" placeholder:"URL" help:"Where Secrets Manager is, if not at AWS."`
}

// check is part of each command's Validate.
func (f *secretsFlags) check() error {
	if secretstore.CheckPrefix(f.Prefix) != nil {
		return errors.New("--prefix: must be letters, digits and _+=.@- in parts between single slashes")
	}
	return checkEndpoint(f.EndpointURL)
}

// checkEndpoint is what every --endpoint-url has to be.
func checkEndpoint(text string) error {
	if text == "" {
		return nil
	}
	if u, err := url.Parse(text); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return errors.New("--endpoint-url: must be a URL such as http://127.0.0.1:4566")
	}
	return nil
}

func (f *secretsFlags) open(ctx context.Context, con console) (*secretstore.Store, app.Config, error) {
	return app.Secrets{Lookup: con.lookup, Prefix: f.Prefix, Region: f.Region, Endpoint: f.EndpointURL}.Open(ctx)
}

// clientListCommand is `tokens client list`.
type clientListCommand struct {
	operatorFlags
}

// Validate implements kong's check of a command's flags.
func (c *clientListCommand) Validate() error { return c.check() }

// listedClient is a client without its tokens.
type listedClient struct {
	Client    string                `json:"client"`
	GrantType string                `json:"grant_type"`
	Tokens    int                   `json:"tokens"`
	Trouble   int                   `json:"trouble"` // tokens that somebody has to look at
	States    map[operate.State]int `json:"states"`
	Problem   string                `json:"problem,omitempty"`
}

// Run lists the clients and how many tokens each has.
func (c *clientListCommand) Run(ctx context.Context, con console) error {
	status, err := c.status(ctx, con, token.ID{})
	if err != nil {
		return err
	}
	list := make([]listedClient, 0, len(status.Clients))
	for _, client := range status.Clients {
		troubled := slices.DeleteFunc(slices.Clone(client.Tokens), func(t operate.Token) bool { return !inTrouble(t) })
		list = append(list, listedClient{
			Client: client.Name, GrantType: string(client.GrantType), Tokens: len(client.Tokens), Trouble: len(troubled),
			States: count(client.Tokens), Problem: client.Problem,
		})
	}
	return con.answer(map[string]any{"clients": list}, func(w io.Writer) { printClients(w, list) })
}

func printClients(w io.Writer, list []listedClient) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CLIENT\tGRANT TYPE\tTOKENS")
	for _, client := range list {
		cell := tallied(client.States, func(_ operate.State, text string) string { return text })
		if cell == "" {
			cell = "none"
		}
		if client.Problem != "" {
			cell += "; " + printable(client.Problem)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", printable(client.Client), dash(printable(client.GrantType)), cell)
	}
	_ = table.Flush() // it writes to memory
}

// dash stands for what is not there.
func dash(text string) string {
	if strings.TrimSpace(text) == "" {
		return "-"
	}
	return text
}
