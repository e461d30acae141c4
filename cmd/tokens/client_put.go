package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"token-refresher/internal/secretstore"
	"token-refresher/internal/token"
)

// clientPutCommand is `tokens client put`.
type clientPutCommand struct {
	Name         string            `arg:"" help:"Name of the client, such as pos."`
	Provider     string            `placeholder:"PRESET" help:"Name of the provider's preset."`
	ProviderFile string            `placeholder:"FILE" help:"File with a provider object, instead."`
	ClientID     string            `name:"client-id" placeholder:"ID" help:"The client_id."`
	SecretFile   string            `placeholder:"FILE" help:"File with the client_secret, or - for standard input; without it a terminal asks."`
	Field        map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"A further field that the provider's headers name; without a value it is dropped."`
	FieldFile    map[string]string `mapsep:"none" placeholder:"NAME=FILE" help:"The same for a secret one, from a file."`
	Scope        []string          `placeholder:"SCOPE" help:"Scopes to ask for, instead of the provider's."`
	Merchant     []string          `placeholder:"MERCHANT" help:"Merchants to get bound tokens for (client credentials)."`
	Unbound      *bool             `negatable:"" help:"Whether to get a token that is bound to no merchant, too (client credentials)."`
	Publish      string            `enum:",default,secret,function" default:"" placeholder:"WHERE" help:"Where tokens are found: secret, function, or default for what suits their lifetime."`
	Refresh      string            `enum:",used,always" default:"" placeholder:"WHEN" help:"When short-lived tokens are renewed: used or always."`
	Check        bool              `help:"Ask the provider before anything is stored."`
	secretsFlags
}

// Help implements kong's detailed help.
func (*clientPutCommand) Help() string {
	return `It writes {prefix}/NAME/credentials with your own rights at AWS, and the tags that roles
depend on. What a client has and is not named here stays as it is.

With --check a client of client credentials has to get a token first; for one that merchants
consent to, the provider's endpoints have to be found.

  tokens client put pos --provider mobilepay-integrator-production --client-id my-id --check
  tokens client put pos --secret-file - <new-secret   # a new secret for a client that is there`
}

// fieldName is what a further field may be called.
var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// ownFields have flags of their own.
func ownFields() []string {
	return []string{"provider", "client_id", "client_secret", "scopes", "merchants", "unbound", "publish", "refresh"}
}

// Validate implements kong's check of a command's flags.
func (c *clientPutCommand) Validate() error {
	if c.Name == "" {
		return nil // for kong to say
	}
	if err := (token.ID{Client: c.Name}).Check(); err != nil {
		return err
	}
	if c.Provider != "" && c.ProviderFile != "" {
		return errors.New("name the provider once: with --provider or with --provider-file")
	}
	for name := range c.FieldFile {
		if _, twice := c.Field[name]; twice {
			return fmt.Errorf("field %s is given twice", name)
		}
	}
	for _, flags := range []map[string]string{c.Field, c.FieldFile} {
		for name := range flags {
			if !fieldName.MatchString(name) || slices.Contains(ownFields(), name) {
				return fmt.Errorf("--field: %.64q is not the name of a further field", name)
			}
		}
	}
	if c.stdin() > 1 {
		return errors.New("only one thing can come from standard input")
	}
	return c.check()
}

// stdin counts what is to come from standard input.
func (c *clientPutCommand) stdin() int {
	n := 0
	for _, file := range append([]string{c.ProviderFile, c.SecretFile}, valuesOf(c.FieldFile)...) {
		if file == "-" {
			n++
		}
	}
	return n
}

func valuesOf(m map[string]string) (values []string) {
	for _, value := range m {
		values = append(values, value)
	}
	return values
}

// putClient is the answer of client put. It shows no value.
type putClient struct {
	Client  string   `json:"client"`
	Outcome string   `json:"outcome"` // created, replaced or unchanged
	Changes []string `json:"changes"`
	Checked string   `json:"checked,omitempty"`
}

// Run stores the credentials, after it has checked what can be checked.
func (c *clientPutCommand) Run(ctx context.Context, con console) error {
	store, config, err := c.open(ctx, con)
	if err != nil {
		return err
	}
	there, err := present(ctx, store, c.Name)
	if err != nil {
		return err
	}
	wanted, err := c.credentials(ctx, con, there)
	if err != nil {
		return err
	}
	known, err := checkProvider(wanted, config, con)
	if err != nil {
		return err
	}
	if err := there.fits(known.GrantType); err != nil {
		return err
	}
	answer := putClient{Client: c.Name, Outcome: "created", Changes: []string{}}
	if c.Check {
		if answer.Checked, err = proveClient(ctx, known, wanted, config); err != nil {
			return fmt.Errorf("nothing is stored: %w", err)
		}
	}
	if there.version != "" {
		answer.Outcome, answer.Changes = "replaced", changes(there.credentials, wanted)
		if len(answer.Changes) == 0 && there.tagged == known.GrantType && there.readable {
			answer.Outcome = "unchanged"
		}
	}
	if answer.Outcome != "unchanged" {
		if err := there.stands(ctx, store); err != nil {
			return err
		}
		if err := store.PutCredentials(ctx, known.GrantType, wanted, there.version); err != nil {
			return err
		}
	}
	return con.answer(answer, answer.print)
}

func (a putClient) print(w io.Writer) {
	if a.Checked != "" {
		fmt.Fprintln(w, printable(a.Checked))
	}
	fmt.Fprintf(w, "%s: %s\n", printable(a.Client), a.Outcome)
	for _, change := range a.Changes {
		fmt.Fprintln(w, "  "+printable(change))
	}
}

// presentClient is what there is of a client.
type presentClient struct {
	credentials token.Credentials
	version     string          // of the secret; empty if there is none
	readable    bool            // its value is credentials
	tagged      token.GrantType // empty if it carries no such tag, or did not minutes ago
}

// present reads what there is of a client.
func present(ctx context.Context, store *secretstore.Store, name string) (presentClient, error) {
	all, err := store.Credentials(ctx, []string{name})
	if err != nil {
		return presentClient{}, err
	}
	stored := all[name]
	there := presentClient{credentials: stored.Value, version: stored.Version, readable: stored.Err == nil}
	switch {
	case errors.Is(stored.Err, token.ErrNotFound):
		there.credentials = token.Credentials{Client: name, Unbound: true, Refresh: token.RefreshUsed}
		return there, nil
	case errors.Is(stored.Err, token.ErrUnreadable): // an operator's to replace
		there.credentials = token.Credentials{Client: name, Unbound: true, Refresh: token.RefreshUsed}
	case errors.Is(stored.Err, token.ErrDeleted):
		return there, fmt.Errorf("%w: restore it first (aws secretsmanager restore-secret)", stored.Err)
	case stored.Err != nil:
		return there, stored.Err
	}
	for _, grantType := range []token.GrantType{token.GrantTypeClientCredentials, token.GrantTypeAuthorizationCode} {
		clients, err := store.Clients(ctx, grantType)
		if err != nil {
			return there, err
		}
		if slices.Contains(clients, name) {
			there.tagged = grantType
		}
	}
	return there, nil
}

// stands refuses to write over what somebody else has stored since it was read:
// typing a secret takes a while, and what is not named on the command line is
// kept as it was read.
func (p presentClient) stands(ctx context.Context, store *secretstore.Store) error {
	name := p.credentials.Client
	all, err := store.Credentials(ctx, []string{name})
	if err != nil {
		return err
	}
	if all[name].Version != p.version {
		return fmt.Errorf("%s was changed meanwhile by somebody else, and nothing is stored: run it again", name)
	}
	return nil
}

// fits refuses another kind of client under the name: the tokens of the one that
// is there would stay behind.
func (p presentClient) fits(grantType token.GrantType) error {
	if p.tagged != "" && p.tagged != grantType {
		return fmt.Errorf("%s is a client of %s, and the provider's grant_type is %s: choose another name",
			p.credentials.Client, p.tagged, grantType)
	}
	return nil
}

// changes says what becomes different, in the order of the fields, and shows no
// value that may be secret.
func changes(from, to token.Credentials) []string {
	list := []string{} // not null in JSON
	say := func(changed bool, text string) {
		if changed {
			list = append(list, text)
		}
	}
	say(!from.Provider.Equal(to.Provider), "provider changed"+fromTo(presetName(from), presetName(to)))
	say(from.ClientID != to.ClientID, "client_id changed")
	say(!from.ClientSecret.Equal(to.ClientSecret), "client_secret changed")
	for _, name := range fieldNames(from.Fields, to.Fields) {
		say(!from.Fields[name].Equal(to.Fields[name]), name+" "+changeWord(from.Fields[name], to.Fields[name]))
	}
	say(!slices.Equal(from.Scopes, to.Scopes), "scopes changed"+fromTo(strings.Join(from.Scopes, " "), strings.Join(to.Scopes, " ")))
	added, dropped := difference(to.Merchants, from.Merchants), difference(from.Merchants, to.Merchants)
	say(len(added) > 0, "merchants added: "+strings.Join(added, " "))
	say(len(dropped) > 0, "merchants dropped: "+strings.Join(dropped, " "))
	say(from.Unbound != to.Unbound, fmt.Sprintf("unbound changed: %v to %v", from.Unbound, to.Unbound))
	say(from.Publish != to.Publish, "publish changed"+fromTo(string(from.Publish), string(to.Publish)))
	say(from.Refresh != to.Refresh, "refresh changed"+fromTo(string(from.Refresh), string(to.Refresh)))
	return list
}
