package authserver

import (
	"sync"
	"time"
)

// How long a merchant may take to answer, and stays logged in. A person waits
// through both, so that neither is scaled with the sandbox's speed.
const (
	visitLifetime   = 10 * time.Minute
	sessionLifetime = time.Hour
)

// visit is an authorize request that a merchant is being asked about.
type visit struct {
	authorization
	expires time.Time
	// answer is what the merchant's browser was given to post; nil before that.
	answer *FormPost
}

// session is a merchant that is logged in.
type session struct {
	user    string
	expires time.Time
}

// lobby keeps visits and sessions, in memory: after a restart a merchant begins
// anew.
type lobby struct {
	now    func() time.Time
	random func() (string, error) // a fresh id that nobody guesses

	mu       sync.Mutex
	visits   map[string]*visit
	sessions map[string]session
}

func newLobby(now func() time.Time, random func() (string, error)) *lobby {
	return &lobby{now: now, random: random, visits: map[string]*visit{}, sessions: map[string]session{}}
}

// enter begins a visit and returns its id.
func (l *lobby) enter(a authorization) (string, error) {
	id, err := l.random()
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	l.visits[id] = &visit{authorization: a, expires: l.now().Add(visitLifetime)}
	return id, nil
}

// visit returns a visit, until it expires.
func (l *lobby) visit(id string) (visit, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	v, known := l.visits[id]
	if !known {
		return visit{}, false
	}
	return *v, true
}

// settle answers a visit by decide; it is false if there is none. The first
// answer counts: whoever clicks twice, or goes back and clicks again, posts the
// same once more.
func (l *lobby) settle(id string, decide func(authorization) (FormPost, error)) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	v, known := l.visits[id]
	if !known || v.answer != nil {
		return known, nil
	}
	post, err := decide(v.authorization)
	if err != nil {
		return true, err
	}
	v.answer = &post
	return true, nil
}

// login begins a session and returns its id.
func (l *lobby) login(user string) (string, error) {
	id, err := l.random()
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[id] = session{user: user, expires: l.now().Add(sessionLifetime)}
	return id, nil
}

// user returns who is logged in, empty if nobody is.
func (l *lobby) user(id string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	return l.sessions[id].user
}

// sweep drops what has expired.
func (l *lobby) sweep() {
	now := l.now()
	for id, v := range l.visits {
		if !now.Before(v.expires) {
			delete(l.visits, id)
		}
	}
	for id, s := range l.sessions {
		if !now.Before(s.expires) {
			delete(l.sessions, id)
		}
	}
}
