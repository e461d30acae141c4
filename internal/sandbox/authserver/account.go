package authserver

import (
	"errors"
	"net/http"
	"net/url"
)

const (
	// maxPageBytes bounds the body of a form on a page.
	maxPageBytes = 16 << 10

	sessionCookie = "sandbox_session"
	sandboxUser   = "merchant@example.com"

	returnPath = AuthorizePath + "/callback"
)

// serveAuthorize takes an authorize request in and sends the merchant to the
// login page, or to the consent page if it is logged in.
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.showProblem(w)
		return
	}
	a, refusal, err := s.ask(query)
	switch {
	case errors.Is(err, errUntrusted):
		s.showProblem(w)
	case err != nil:
		htmlAnswer(http.StatusInternalServerError).write(w)
	case refusal != nil:
		s.show(w, postPage(*refusal))
	default:
		id, err := s.lobby.enter(a)
		if err != nil {
			htmlAnswer(http.StatusInternalServerError).write(w)
			return
		}
		next := LoginPath
		if s.loggedIn(r) != "" {
			next = ConsentPath
		}
		redirectTo(w, r, next, id)
	}
}

// serveLogin is the login page.
func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("request")
	v, open := s.lobby.visit(id)
	if !open {
		s.showProblem(w)
		return
	}
	s.show(w, loginPage(id, v.client.Name, http.StatusOK))
}

// postLogin takes any user with any password.
func (s *Server) postLogin(w http.ResponseWriter, r *http.Request) {
	id, known := s.posted(w, r)
	v, open := s.lobby.visit(id)
	if !known || !open {
		s.showProblem(w)
		return
	}
	user := r.PostForm.Get("username")
	if user == "" || r.PostForm.Get("password") == "" {
		s.show(w, loginPage(id, v.client.Name, http.StatusBadRequest))
		return
	}
	session, err := s.lobby.login(user)
	if err != nil {
		htmlAnswer(http.StatusInternalServerError).write(w)
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // the sandbox listens on plain http
		Name: sessionCookie, Value: session, Path: accountPath, MaxAge: int(sessionLifetime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	redirectTo(w, r, ConsentPath, id)
}

// serveConsent is the page that asks.
func (s *Server) serveConsent(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("request")
	v, open := s.lobby.visit(id)
	user := s.loggedIn(r)
	switch {
	case !open:
		s.showProblem(w)
	case user == "":
		redirectTo(w, r, LoginPath, id)
	default:
		s.show(w, consentPage(id, user, v.authorization))
	}
}

// postConsent takes the merchant's answer.
func (s *Server) postConsent(w http.ResponseWriter, r *http.Request) {
	id, known := s.posted(w, r)
	reply := r.PostForm.Get("answer")
	if !known || (reply != answerYes && reply != answerNo) {
		s.showProblem(w)
		return
	}
	if s.loggedIn(r) == "" {
		redirectTo(w, r, LoginPath, id)
		return
	}
	open, err := s.lobby.settle(id, func(a authorization) (FormPost, error) { return s.decide(a, reply == answerYes) })
	switch {
	case err != nil:
		htmlAnswer(http.StatusInternalServerError).write(w)
	case !open:
		s.showProblem(w)
	default:
		redirectTo(w, r, returnPath, id)
	}
}

// serveReturn has the browser post our answer. It is a page of its own, so that
// a merchant that goes back or reloads posts the same again, as with the real
// server.
func (s *Server) serveReturn(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("request")
	v, open := s.lobby.visit(id)
	switch {
	case !open || s.loggedIn(r) == "":
		s.showProblem(w)
	case v.answer == nil:
		redirectTo(w, r, ConsentPath, id)
	default:
		s.show(w, postPage(*v.answer))
	}
}

// posted reads a form of ours and returns the visit that it is about.
func (*Server) posted(w http.ResponseWriter, r *http.Request) (string, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxPageBytes)
	if err := r.ParseForm(); err != nil {
		return "", false
	}
	return r.PostForm.Get("request"), true
}

// loggedIn returns the user of the request's session, empty without one.
func (s *Server) loggedIn(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return s.lobby.user(cookie.Value)
}

func redirectTo(w http.ResponseWriter, r *http.Request, path, visit string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, path+"?"+url.Values{"request": {visit}}.Encode(), http.StatusSeeOther)
}
