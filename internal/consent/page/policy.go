package page

import (
	"crypto/sha256"
	_ "embed" // style.css
	"encoding/base64"
)

//go:embed style.css
var style string

// ContentSecurityPolicy returns the header that every page is served with
// (Content Security Policy Level 3): its own style, by its hash, and nothing
// else. A page that somebody managed to put a script, another style, a form or a
// frame into would still run and send none of them.
func ContentSecurityPolicy() string {
	hash := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
