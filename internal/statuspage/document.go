package statuspage

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"html/template"
	"net/http"
)

// document is the page itself. Its script and style carry a nonce that is new
// with every answer: nothing else at this address runs in it, not even a file.
type document struct{ page *template.Template }

func parseDocument() (*document, error) {
	parsed, err := template.ParseFS(files, "page/index.html")
	if err != nil {
		return nil, fmt.Errorf("parse the status page: %w", err)
	}
	return &document{page: parsed}, nil
}

func (d *document) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	nonce := rand.Text()
	var out bytes.Buffer
	if err := d.page.Execute(&out, nonce); err != nil {
		http.Error(w, "the page cannot be filled", http.StatusInternalServerError)
		return
	}
	// Modules that the script imports run under its nonce (HTML Standard,
	// "script fetch options").
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+"'; "+
		"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // the browser may be gone
}
