package authserver

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"
	"time"
)

const (
	hugeBodyBytes = 10 << 20
	// hugeTokenClaim makes a token of some 60 KB, for base64 adds a third.
	hugeTokenClaim  = 45_000
	elsewhere       = "https://elsewhere.invalid/connect/token"
	defaultError200 = "temporarily_unavailable"
	defaultLate     = 15 * time.Second // longer than a client waits
)

// behaviour is what a fault changes about an answer; deliver is always set,
// the others where the fault needs them.
type behaviour struct {
	kind Kind
	// says is a line for a person who lists the faults.
	says string
	// instead answers without looking at the request.
	instead func(Fault) answer
	// before is what happens before the request is acted on.
	before func(Fault)
	// shape changes what is granted before the token is made and recorded.
	shape func(Fault, *grant)
	// change changes the finished answer.
	change func(Fault, answer) answer
	// spoil changes an ID token before it is signed.
	spoil func(*idToken)
	// where it is met; that of an ID token's flaw is the fault's own choice.
	where channel
	// deliver sends the answer, or fails to.
	deliver func(http.ResponseWriter, *http.Request, answer)
}

// behaviours is the list of faults.
func (s *Server) behaviours() []behaviour {
	return append([]behaviour{
		{kind: Hang, says: "never answers; nothing is issued", instead: nothing, deliver: hang},
		{kind: HTML500, says: "500 with an HTML body", instead: html(http.StatusInternalServerError), deliver: deliver},
		{kind: Unavailable, says: "503 with an HTML body", instead: html(http.StatusServiceUnavailable), deliver: deliver},
		{kind: Throttle, says: "429; value: the Retry-After header, none when empty", instead: throttle, deliver: deliver},
		{kind: Gateway401, says: "the gateway's 401, with error_description an object", instead: s.gateway401, deliver: deliver},
		{kind: InvalidClient, says: "400 invalid_client", instead: refuse("invalid_client"), deliver: deliver},
		{kind: InvalidScope, says: "400 invalid_scope", instead: refuse("invalid_scope"), deliver: deliver},
		{kind: ErrorIn200, says: "200 with an error field; value: its code", instead: errorIn200, deliver: deliver},
		{kind: TextPlain, says: "a good answer labelled text/plain", change: textPlain, deliver: deliver},
		{kind: ResetBefore, says: "connection reset, nothing issued", instead: nothing, deliver: reset},
		{kind: ResetAfter, says: "connection reset after a token was issued", deliver: reset},
		{kind: Redirect, says: "307 to another host; value: the Location", instead: redirect, deliver: deliver},
		{kind: SlowDrip, says: "a good answer, one byte a second", deliver: drip},
		{kind: HugeBody, says: "a good answer behind 10 MB of padding", change: hugeBody, deliver: deliver},
		{kind: HugeToken, says: "a token of some 60 KB", shape: hugeToken, deliver: deliver},
		{kind: HTML500After, says: "500 with an HTML body, after a token was issued", change: html500, deliver: deliver},
		{kind: HangAfter, says: "never answers, after a token was issued", deliver: hang},
		{kind: Late, says: "acts on the request after a while, value: how long (15s), even if nobody waits any more", before: late, deliver: deliver},
		{kind: OtherSubject, says: "an ID token of another subject", shape: otherSubject, deliver: deliver},
		{kind: ExpiresIn, says: "value: the literal text of expires_in, left out when empty", shape: oddExpiry, deliver: deliver},
	}, flaws()...)
}

func nothing(Fault) answer { return answer{} }

func html(status int) func(Fault) answer {
	return func(Fault) answer { return htmlAnswer(status) }
}

func refuse(code string) func(Fault) answer {
	return func(Fault) answer { return *oauthError(http.StatusBadRequest, code, "") }
}

func (s *Server) gateway401(Fault) answer { return s.unauthorized() }

func throttle(f Fault) answer {
	a := jsonAnswer(http.StatusTooManyRequests,
		field{"httpCode", quote("429")},
		field{"httpMessage", quote("Too Many Requests")},
		field{"moreInformation", quote("Rate Limit exceeded")})
	if f.Value != "" {
		a.header.Set("Retry-After", f.Value)
	}
	return a
}

func errorIn200(f Fault) answer {
	return *oauthError(http.StatusOK, cmp.Or(f.Value, defaultError200), "")
}

// redirect keeps method and body (307), which a careless client then sends to
// a stranger, its secret included.
func redirect(f Fault) answer {
	header := http.Header{}
	header.Set("Location", cmp.Or(f.Value, elsewhere))
	return answer{status: http.StatusTemporaryRedirect, header: header}
}

func textPlain(_ Fault, a answer) answer {
	a.header.Set("Content-Type", "text/plain; charset=utf-8")
	return a
}

// hugeBody puts the padding first, so that a capped reader never sees the
// token.
func hugeBody(_ Fault, a answer) answer {
	padding := `{"padding":"` + strings.Repeat("x", hugeBodyBytes) + `",`
	a.body = append([]byte(padding), bytes.TrimPrefix(a.body, []byte("{"))...)
	return a
}

func html500(Fault, answer) answer { return htmlAnswer(http.StatusInternalServerError) }

func late(f Fault) {
	wait, err := time.ParseDuration(f.Value)
	if err != nil {
		wait = defaultLate
	}
	<-time.After(wait)
}

func otherSubject(_ Fault, g *grant) { g.subject = "another-" + g.subject }

func hugeToken(_ Fault, g *grant) { g.padding = hugeTokenClaim }

func oddExpiry(f Fault, g *grant) { g.expiresIn = &f.Value }
