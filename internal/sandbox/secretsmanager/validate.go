package secretsmanager

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"token-refresher/internal/sandbox/awsjson"
)

const (
	maxName        = 512
	maxID          = 2048
	maxDescription = 2048
	maxTags        = 50
	maxLabels      = 20 // across all versions of a secret
	minToken       = 32
	maxToken       = 64
)

// validName lists the characters that AWS allows; "!" is for the names of
// managed secrets, which AWS accepts too.
var validName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]+$`)

// invalid is the error of a request that breaks a constraint of its shape.
func invalid(format string, args ...any) *awsjson.Error {
	return awsjson.Refuse(typeValidation, "1 validation error detected: %s", fmt.Sprintf(format, args...))
}

// lengthOf checks a text in characters, and tells AWS's words for its fault.
func lengthOf(field, text string, least, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case n < least:
		return invalid("Value '%s' at '%s' failed to satisfy constraint: Member must have length greater than or equal to %d", text, field, least)
	case n > most:
		return invalid("Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", text, field, most)
	default:
		return nil
	}
}

func validNewName(name string) error {
	if name == "" {
		return invalid("Value null at 'name' failed to satisfy constraint: Member must not be null")
	}
	if err := lengthOf("name", name, 1, maxName); err != nil {
		return err
	}
	if !validName.MatchString(name) {
		return awsjson.Refuse(typeValidation, textBadName)
	}
	return nil
}

func validID(id string) error {
	if id == "" {
		return invalid("Value null at 'secretId' failed to satisfy constraint: Member must not be null")
	}
	if err := lengthOf("secretId", id, 1, maxID); err != nil {
		return err
	}
	if !strings.HasPrefix(id, "arn:") && !validName.MatchString(id) {
		return awsjson.Refuse(typeValidation, textBadName)
	}
	return nil
}

// validToken checks a ClientRequestToken, which becomes a version's id. The SDKs
// always send one.
func validToken(token string) error {
	if token == "" {
		return awsjson.Refuse(typeInvalidRequest, textNoToken)
	}
	return lengthOf("clientRequestToken", token, minToken, maxToken)
}

// validVersion checks a version's id, which may be left out.
func validVersion(id string) error {
	if id == "" {
		return nil
	}
	return lengthOf("versionId", id, minToken, maxToken)
}

func validTags(tags []tag) error {
	seen := make(map[string]bool)
	for _, t := range tags {
		if err := validTag(t); err != nil {
			return err
		}
		if seen[t.Key] {
			return awsjson.Refuse(typeInvalidParameter, "Duplicate tag keys found.")
		}
		seen[t.Key] = true
	}
	if len(tags) > maxTags {
		return awsjson.Refuse(typeInvalidParameter, "The number of tags must be less than or equal to %d.", maxTags)
	}
	return nil
}

func validTag(t tag) error {
	if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
		return awsjson.Refuse(typeInvalidParameter, "aws: prefixed tag key names are not allowed for external use.")
	}
	if err := lengthOf("tags.1.member.key", t.Key, 1, 128); err != nil {
		return err
	}
	return lengthOf("tags.1.member.value", t.Value, 0, 256)
}
