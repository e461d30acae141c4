package oauth

import (
	"encoding/json"
	"regexp"
)

// memberPattern is a member of a JSON object that a token answer may have, with
// a complete string or number as its value. A quote within a string is escaped,
// so that no text inside one looks like a member.
var memberPattern = regexp.MustCompile(
	`"(access_token|refresh_token|id_token|token_type|scope|expires_in)"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*\s*[,}])`)

var endPattern = regexp.MustCompile(`\s*[,}]$`)

// salvage takes out of an answer that is no JSON, too long, or broken off, what
// is complete in it. A one-time refresh token that has reached us must not be
// given up because of what stands, or is missing, around it.
func salvage(body []byte) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	for _, member := range memberPattern.FindAllSubmatch(body, -1) {
		if value := endPattern.ReplaceAll(member[2], nil); json.Valid(value) {
			fields[string(member[1])] = value
		}
	}
	return fields
}
