package authserver

import (
	"encoding/json"
	"net/http"
	"strings"
)

// answer is a complete response, not yet sent.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// write sends the answer. A client that has gone away is no concern of ours.
func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// field is one member of a JSON object whose order matters to a reader of the
// wire; raw is JSON text, or what a fault puts in its place.
type field struct{ name, raw string }

// jsonAnswer is what IdentityServer sends from its token endpoint: JSON that
// nobody may keep (RFC 6749 section 5.1).
func jsonAnswer(status int, fields ...field) answer {
	header := http.Header{}
	header.Set("Content-Type", "application/json; charset=UTF-8")
	header.Set("Cache-Control", "no-store, no-cache, max-age=0")
	header.Set("Pragma", "no-cache")
	return answer{status: status, header: header, body: object(fields...)}
}

// htmlAnswer is what a gateway sends when nothing behind it answers.
func htmlAnswer(status int) answer {
	header := http.Header{}
	header.Set("Content-Type", "text/html; charset=utf-8")
	text := http.StatusText(status)
	body := "<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>\r\n"
	return answer{status: status, header: header, body: []byte(body)}
}

// oauthError is an error of RFC 6749 section 5.2. The identity server answers
// 400 for all of them, invalid_client included.
func oauthError(status int, code, description string) *answer {
	fields := []field{{"error", quote(code)}}
	if description != "" {
		fields = append(fields, field{"error_description", quote(description)})
	}
	a := jsonAnswer(status, fields...)
	return &a
}

// notFound is the gateway's word for a path that no product has.
func notFound() answer {
	return jsonAnswer(http.StatusNotFound,
		field{"httpCode", quote("404")},
		field{"httpMessage", quote("Not Found")},
		field{"moreInformation", quote("No resources match requested URI")})
}

func object(fields ...field) []byte {
	members := make([]string, 0, len(fields))
	for _, f := range fields {
		members = append(members, quote(f.name)+":"+f.raw)
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

// quote returns s as a JSON string; marshalling a string cannot fail.
func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}
