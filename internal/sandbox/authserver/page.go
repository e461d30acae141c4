package authserver

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

// What a merchant answers.
const (
	answerYes = "yes"
	answerNo  = "no"
)

// assetsPath is where the pages' style sheet and script are.
const assetsPath = accountPath + "/assets/"

//go:embed pages
var pages embed.FS

// page is one page: a template of pages, and what it says.
type page struct {
	name   string
	status int
	// formAction is where its form goes, as its content security policy names
	// it; empty if it has none.
	formAction string
	data       any
}

func newPages() (*template.Template, error) { return template.ParseFS(pages, "pages/*.html") }

func loginPage(visit, client string, status int) page {
	return page{name: "login.html", status: status, formAction: "'self'", data: map[string]any{
		"Visit": visit, "Client": client, "Action": LoginPath, "User": sandboxUser, "Again": status != http.StatusOK,
	}}
}

func consentPage(visit, user string, a authorization) page {
	var asked []scopeText
	for _, scope := range scopes() {
		if hasWord(a.scope, scope.Name) {
			asked = append(asked, scope)
		}
	}
	return page{name: "consent.html", status: http.StatusOK, formAction: "'self'", data: map[string]any{
		"Visit": visit, "Client": a.client.Name, "Action": ConsentPath, "User": user,
		"Merchant": a.merchant, "Scopes": asked, "Host": hostOf(a.redirectURI), "Yes": answerYes, "No": answerNo,
	}}
}

// postPage posts itself to the client, by a script as with the real server.
func postPage(post FormPost) page {
	return page{name: "form_post.html", status: http.StatusOK, formAction: originOf(post.RedirectURI), data: post}
}

// showProblem is the one vague page for whatever is wrong with a request.
func (s *Server) showProblem(w http.ResponseWriter) {
	s.show(w, page{name: "problem.html", status: http.StatusBadRequest, formAction: "'none'"})
}

// show sends a page that nobody may keep, frame, or be sent on from with an
// address.
func (s *Server) show(w http.ResponseWriter, p page) {
	var body bytes.Buffer
	if err := s.pages.ExecuteTemplate(&body, p.name, p.data); err != nil {
		htmlAnswer(http.StatusInternalServerError).write(w)
		return
	}
	header := http.Header{}
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action "+p.formAction+
		"; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	answer{status: p.status, header: header, body: body.Bytes()}.write(w)
}

// assets serves the style sheet and the script.
func assets() http.Handler {
	only, _ := fs.Sub(pages, "pages/assets") // it is embedded: it cannot be missing
	return http.StripPrefix(assetsPath, http.FileServerFS(only))
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "'none'"
	}
	return u.Scheme + "://" + u.Host
}

func hostOf(address string) string {
	_, host, _ := strings.Cut(originOf(address), "://")
	return host
}
