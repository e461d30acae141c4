package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"token-refresher/internal/token"
)

// credentials are what the flags make of what is there.
func (c *clientPutCommand) credentials(ctx context.Context, con console, there presentClient) (token.Credentials, error) {
	wanted := there.credentials
	wanted.Fields = maps.Clone(wanted.Fields)
	if wanted.Fields == nil {
		wanted.Fields = map[string]token.Secret{}
	}
	if c.ClientID != "" {
		wanted.ClientID = c.ClientID
	}
	if c.Scope != nil {
		wanted.Scopes = given(c.Scope)
	}
	if c.Merchant != nil {
		wanted.Merchants = given(c.Merchant)
	}
	if c.Unbound != nil {
		wanted.Unbound = *c.Unbound
	}
	if c.Publish != "" {
		wanted.Publish = token.Publish(strings.TrimPrefix(c.Publish, "default"))
	}
	if c.Refresh != "" {
		wanted.Refresh = token.RefreshPolicy(c.Refresh)
	}
	if err := c.readProvider(con, &wanted); err != nil {
		return wanted, err
	}
	if wanted.Provider.Empty() || wanted.ClientID == "" {
		return wanted, usageError{"a new client needs --provider or --provider-file, and --client-id"}
	}
	if err := c.readFields(con, &wanted); err != nil {
		return wanted, err
	}
	return wanted, c.readSecret(ctx, con, &wanted)
}

// given is a list of flags; one that is empty empties the list.
func given(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(item string) bool { return item == "" })
}

func (c *clientPutCommand) readProvider(con console, wanted *token.Credentials) error {
	switch {
	case c.Provider != "":
		name, err := json.Marshal(c.Provider)
		wanted.Provider = token.NewSecret(string(name))
		return err
	case c.ProviderFile != "":
		object, err := con.readFile(c.ProviderFile)
		if err != nil {
			return err
		}
		if !json.Valid(object) {
			return fmt.Errorf("read %q: it is not valid JSON", c.ProviderFile)
		}
		wanted.Provider = token.NewSecret(strings.TrimSpace(string(object)))
	}
	return nil
}

func (c *clientPutCommand) readFields(con console, wanted *token.Credentials) error {
	values := maps.Clone(c.Field)
	if values == nil {
		values = map[string]string{}
	}
	for name, file := range c.FieldFile {
		content, err := con.readFile(file)
		if err != nil {
			return err
		}
		values[name] = strings.TrimRight(string(content), "\r\n")
	}
	for name, value := range values {
		switch {
		case value == "":
			delete(wanted.Fields, name)
		case strings.ContainsFunc(value, unicode.IsControl):
			return fmt.Errorf("field %s holds control characters", name)
		default:
			wanted.Fields[name] = token.NewSecret(value)
		}
	}
	return nil
}

// readSecret takes the secret from where the flags say, or asks for it.
func (c *clientPutCommand) readSecret(ctx context.Context, con console, wanted *token.Credentials) error {
	secret := ""
	switch {
	case c.SecretFile != "":
		content, err := con.readFile(c.SecretFile)
		if err != nil {
			return err
		}
		if secret = strings.TrimRight(string(content), "\r\n"); secret == "" {
			return errors.New("--secret-file: it is empty")
		}
	case isTerminal(con.in) && c.stdin() == 0:
		question := "Client secret (it is not shown): "
		if !wanted.ClientSecret.Empty() {
			question = "Client secret (it is not shown; none keeps the present one): "
		}
		typed, err := con.askSecret(ctx, question)
		if err != nil {
			return err
		}
		secret = typed
	}
	switch {
	case strings.ContainsFunc(secret, unicode.IsControl):
		return errors.New("the client secret holds control characters")
	case secret != "":
		wanted.ClientSecret = token.NewSecret(secret)
	}
	return nil
}

// presetName is the provider in a word.
func presetName(c token.Credentials) string {
	var name string
	if json.Unmarshal([]byte(c.Provider.Reveal()), &name) != nil {
		return "an object"
	}
	return name
}

// fromTo shows from what to what, if that says anything.
func fromTo(from, to string) string {
	if from == to {
		return ""
	}
	return ": " + orNone(from) + " to " + orNone(to)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func changeWord(from, to token.Secret) string {
	switch {
	case from.Empty():
		return "added"
	case to.Empty():
		return "dropped"
	default:
		return "changed"
	}
}

// fieldNames are those of both, sorted.
func fieldNames(a, b map[string]token.Secret) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}

// difference is what only a has.
func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(item string) bool { return slices.Contains(b, item) })
}
