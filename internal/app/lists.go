package app

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"token-refresher/internal/provider"
	"token-refresher/internal/secretstore"
)

// Tags are put on every secret that is made here, beside our own.
type Tags map[string]string

// tagText is what AWS takes in a tag's key or value ("Tag naming limits and
// requirements").
var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// ourTags begin the keys that roles depend on. IAM does not tell upper from
// lower case in the key of a tag condition, so neither may this.
var ourTags = regexp.MustCompile(`(?i)^token-refresher:`)

// parseTags reads `key=value,key=value`. Spaces around keys and values are
// dropped; the first equals sign ends the key. A fault of form tells the
// position, not the text, which may belong somewhere else.
func parseTags(text string) (Tags, error) {
	tags := Tags{}
	var faults []error
	for i, pair := range strings.Split(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		_, twice := tags[key]
		switch {
		case !ok || key == "":
			faults = append(faults, fmt.Errorf("entry %d is not of the form key=value", i+1))
		case !tagText.MatchString(key) || !tagText.MatchString(value):
			faults = append(faults, fmt.Errorf("entry %d has other characters than letters, digits, spaces and _.:/=+-@", i+1))
		case ourTags.MatchString(key):
			faults = append(faults, fmt.Errorf("entry %d begins with token-refresher:, which is taken", i+1))
		case twice:
			faults = append(faults, fmt.Errorf("entry %d repeats a key", i+1))
		default:
			tags[key] = value
		}
	}
	return tags, errors.Join(append(faults, secretstore.CheckTags(tags))...)
}

// parseHosts reads exact host names, comma-separated, with spaces around them
// if need be.
func parseHosts(text string) (provider.Hosts, error) {
	return provider.NewHosts(strings.Split(text, ","))
}
