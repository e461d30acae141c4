package authserver

import (
	"cmp"
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
	// serve acts on the request. What is granted goes through shape first. It
	// is false for a refusal.
	serve func(c call, shape func(*grant)) (answer, bool)
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

	// What follows is empty but for merchants' consents.
	issuer, subject       string
	refreshToken, idToken token.Secret
	omitIDToken           bool
	nonce                 string         // empty for a refresh
	spoil                 func(*idToken) // nil: not at all
}

// seconds returns the lifetime as a decimal number of whole seconds.
func (g grant) seconds() string { return strconv.FormatInt(int64(g.lifetime/time.Second), 10) }

// requests serves an endpoint: it reads the request to its end (net/http
// notices only then that a client has gone away, which a hang waits for),
// records it, and answers, by way of the fault that is switched on for it.
func (s *Server) requests(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := call{request: r, form: readForm(w, r)}
		c.id, c.secret = e.credentials(r, c.form)
		defer s.ledger.begin(c.id)()
		defer s.consents.present(c.form.Get("refresh_token"))()
		s.consents.presentCode(c.form.Get("code"))
		fault, how := s.meets(c)
		how.deliver(w, r, respond(e, c, fault, how))
	})
}

// meets returns the fault that the request meets: one that is switched on, or
// else what Config.Choose says.
func (s *Server) meets(c call) (Fault, behaviour) {
	fault, how := s.faults.take(c.id, tokenChannel)
	if fault.Kind != "" || s.config.Choose == nil {
		return fault, how
	}
	merchant := c.form.Get("merchant_vat")
	for _, name := range []string{"refresh_token", "token", "code"} {
		merchant = cmp.Or(merchant, s.consents.merchant(c.form.Get(name)))
	}
	fault = s.config.Choose(c.id, merchant)
	return fault, s.faults.behaviour(fault.Kind)
}

func respond(e endpoint, c call, fault Fault, how behaviour) answer {
	if how.instead != nil {
		return how.instead(fault)
	}
	if how.before != nil {
		how.before(fault)
	}
	a, ok := e.serve(c, func(g *grant) {
		g.spoil = how.spoil
		if how.shape != nil {
			how.shape(fault, g)
		}
	})
	if ok && how.change != nil {
		a = how.change(fault, a)
	}
	return a
}

// issuing serves a token endpoint: authorize returns what is granted, or the
// refusal, and render says it the way this endpoint does.
func (s *Server) issuing(
	authorize func(call) (grant, *answer),
	render func(g grant, value token.Secret, at time.Time) answer,
) func(call, func(*grant)) (answer, bool) {
	return func(c call, shape func(*grant)) (answer, bool) {
		g, refusal := authorize(c)
		if refusal != nil {
			return *refusal, false
		}
		shape(&g)
		now := s.config.Now()
		value, err := s.issue(&g, now)
		if err != nil {
			return htmlAnswer(http.StatusInternalServerError), false
		}
		return render(g, value, now), true
	}
}

// issue makes and records the access token, and the ID token if there is one.
func (s *Server) issue(g *grant, now time.Time) (token.Secret, error) {
	value, err := s.signer.accessToken(*g, now)
	if err == nil && g.subject != "" {
		g.idToken, err = s.keys.sign(idTokenOf(*g, value, now))
	}
	if err != nil {
		return token.Secret{}, err
	}
	s.ledger.record(Issued{Client: g.client, Merchant: g.merchant, At: now, Token: value})
	return value, nil
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
