package authserver

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"token-refresher/internal/token"
)

// maxRequestBytes bounds the body of a token request.
const maxRequestBytes = 64 << 10

// endpoint is one token endpoint: who asks, what they get, how it is said.
type endpoint struct {
	// credentials reads what the caller claims to be, wherever this endpoint
	// expects it.
	credentials func(r *http.Request, form url.Values) (id string, secret token.Secret)
	// authorize returns what is granted, or the refusal.
	authorize func(c call) (grant, *answer)
	// render says it the way this endpoint does.
	render func(g grant, value token.Secret, at time.Time) answer
}

// call is a token request with its body read.
type call struct {
	request *http.Request
	// form is nil unless the request is a form-encoded POST.
	form   url.Values
	id     string
	secret token.Secret
}

// grant is what an endpoint is about to answer with.
type grant struct {
	client, merchant, scope string
	lifetime                time.Duration
	// expiresIn replaces the number in the answer with this very text, or
	// leaves the field out when it is empty; nil means the lifetime.
	expiresIn *string
	// padding is the length of a claim that only makes the token long.
	padding int
}

// seconds returns the lifetime as a decimal number of whole seconds.
func (g grant) seconds() string { return strconv.FormatInt(int64(g.lifetime/time.Second), 10) }

// tokens serves a token endpoint: it reads the request to its end (net/http
// notices only then that a client has gone away, which a hang waits for),
// records it, and answers, by way of the fault that is switched on for it.
func (s *Server) tokens(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := call{request: r, form: readForm(w, r)}
		c.id, c.secret = e.credentials(r, c.form)
		defer s.ledger.begin(c.id)()
		fault, how := s.faults.take(c.id)
		how.deliver(w, r, s.respond(e, c, fault, how))
	})
}

func (s *Server) respond(e endpoint, c call, fault Fault, how behaviour) answer {
	if how.instead != nil {
		return how.instead(fault)
	}
	g, refusal := e.authorize(c)
	if refusal != nil {
		return *refusal
	}
	if how.shape != nil {
		how.shape(fault, &g)
	}
	a := s.issue(e, g)
	if how.change != nil {
		a = how.change(fault, a)
	}
	return a
}

func (s *Server) issue(e endpoint, g grant) answer {
	now := s.config.Now()
	value, err := s.signer.accessToken(g, now)
	if err != nil {
		return htmlAnswer(http.StatusInternalServerError)
	}
	s.ledger.record(Issued{Client: g.client, Merchant: g.merchant, At: now, Token: value})
	return e.render(g, value, now)
}

// readForm reads the whole body and returns its form, or nil if the request
// has none.
func readForm(w http.ResponseWriter, r *http.Request) url.Values {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil || r.Method != http.MethodPost {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	return form
}
