package secretsmanager

import (
	"slices"
	"strings"

	"token-refresher/internal/sandbox/awsjson"
)

// maxPassword and usualPassword are lengths in characters.
const (
	maxPassword   = 4096
	usualPassword = 32
)

type passwordRequest struct {
	PasswordLength          *int
	ExcludeCharacters       string
	ExcludeNumbers          bool
	ExcludePunctuation      bool
	ExcludeUppercase        bool
	ExcludeLowercase        bool
	IncludeSpace            bool
	RequireEachIncludedType *bool // true if not given
}

type password struct {
	RandomPassword string
}

func (s *Server) getRandomPassword(in passwordRequest) (password, error) {
	length := usualPassword
	if in.PasswordLength != nil {
		length = *in.PasswordLength
	}
	if length < 1 || length > maxPassword {
		return password{}, invalid("Value '%d' at 'passwordLength' failed to satisfy constraint: Member must have value between 1 and %d", length, maxPassword)
	}
	kinds := in.alphabets()
	all := strings.Join(kinds, "")
	if all == "" {
		return password{}, awsjson.Refuse(typeInvalidParameter, "The password policy excludes every character.")
	}
	var text []byte
	if in.RequireEachIncludedType == nil || *in.RequireEachIncludedType {
		if length < len(kinds) {
			return password{}, awsjson.Refuse(typeInvalidParameter, "Password length is too short based on the required types.")
		}
		for _, kind := range kinds {
			text = append(text, pick(kind))
		}
	}
	for len(text) < length {
		text = append(text, pick(all))
	}
	return password{RandomPassword: shuffled(text)}, nil
}

// alphabets are the included types of characters, without excluded ones.
func (in passwordRequest) alphabets() []string {
	candidates := []struct {
		excluded   bool
		characters string
	}{
		{in.ExcludeLowercase, "abcdefghijklmnopqrstuvwxyz"},
		{in.ExcludeUppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		{in.ExcludeNumbers, "0123456789"},
		{in.ExcludePunctuation, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
		{!in.IncludeSpace, " "},
	}
	var kinds []string
	for _, c := range candidates {
		if c.excluded {
			continue
		}
		kinds = append(kinds, strings.Map(func(r rune) rune {
			if strings.ContainsRune(in.ExcludeCharacters, r) {
				return -1
			}
			return r
		}, c.characters))
	}
	return slices.DeleteFunc(kinds, func(k string) bool { return k == "" })
}

// shuffled puts the characters into an order that says nothing about their
// types: each next one is drawn from what is left.
func shuffled(text []byte) string {
	for i := len(text) - 1; i > 0; i-- {
		j := randomInt(i + 1)
		text[i], text[j] = text[j], text[i]
	}
	return string(text)
}
