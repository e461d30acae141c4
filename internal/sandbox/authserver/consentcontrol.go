package authserver

import (
	"errors"
	"net/http"
	"net/url"
	"time"
)

// postAuthorize plays the merchant: see Approve and Decline.
func (s *Server) postAuthorize(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		URL    string `json:"url"`
		Answer string `json:"answer"` // yes or no
	}
	err := decodeControl(http.MaxBytesReader(w, r.Body, maxControlBytes), &asked)
	if err == nil && asked.Answer != answerYes && asked.Answer != answerNo {
		err = errors.New("the answer is neither yes nor no")
	}
	var post FormPost
	if err == nil {
		post, err = s.follow(asked.URL, asked.Answer == answerYes)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeControl(w, struct {
		RedirectURI string     `json:"redirect_uri"`
		Values      url.Values `json:"values"`
	}{post.RedirectURI, post.Values})
}

// listCodes answers what became of every code, without the codes.
func (s *Server) listCodes(w http.ResponseWriter, _ *http.Request) {
	type line struct {
		ClientID  string    `json:"client_id"`
		Merchant  string    `json:"merchant"`
		Issued    time.Time `json:"issued"`
		Presented int       `json:"presented"`
		Exchanged bool      `json:"exchanged"`
	}
	lines := []line{}
	for _, c := range s.Codes() {
		lines = append(lines, line{c.Client, c.Merchant, c.Issued, c.Presented, c.Exchanged})
	}
	writeControl(w, lines)
}

// postKeys rotates the keys of ID tokens.
func (s *Server) postKeys(w http.ResponseWriter, _ *http.Request) {
	if err := s.RotateKeys(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// deleteConsent takes back the consent of ?merchant= to ?client_id=, as the
// merchant does in the portal.
func (s *Server) deleteConsent(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	err := s.RevokeConsent(query.Get("client_id"), query.Get("merchant"))
	switch {
	case errors.Is(err, errNoConsent):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
