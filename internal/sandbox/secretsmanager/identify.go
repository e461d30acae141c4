package secretsmanager

import (
	"crypto/rand"
	"math/big"
	"regexp"
	"strings"

	"token-refresher/internal/sandbox/awsjson"
)

// fullARN ends like a complete ARN: a hyphen and six characters. A secret whose
// own name ends like that cannot be found by partial ARN, at AWS as here
// ("Finding a secret from a partial ARN" in the troubleshooting guide).
var fullARN = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)

const suffixAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newARN names a secret for good: the six characters at its end tell it from an
// earlier or later one of the same name.
func (s *Server) newARN(name string) string {
	suffix := make([]byte, 6)
	for i := range suffix {
		suffix[i] = pick(suffixAlphabet)
	}
	return s.arnPrefix() + name + "-" + string(suffix)
}

func (s *Server) arnPrefix() string {
	return "arn:aws:secretsmanager:" + s.config.Region + ":" + s.config.Account + ":secret:"
}

// nameOf turns a SecretId (a name, an ARN or an ARN without its last seven
// characters) into a name. An id that fits no secret is returned as it is.
func (s *Server) nameOf(id string) string {
	rest, isARN := strings.CutPrefix(id, s.arnPrefix())
	if !isARN {
		return id
	}
	if !fullARN.MatchString(rest) {
		return rest
	}
	name := rest[:len(rest)-len("-123456")]
	if r := s.store.get(name); r != nil && r.ARN == id {
		return name
	}
	return id
}

// find returns the secret that a SecretId names.
func (s *Server) find(id string) (*record, error) {
	if err := validID(id); err != nil {
		return nil, err
	}
	r := s.store.get(s.nameOf(id))
	if r == nil || r.gone(s.config.Now()) {
		return nil, awsjson.Refuse(typeNotFound, textNoSecret)
	}
	return r, nil
}

// findActive is find for what a secret scheduled for deletion refuses.
func (s *Server) findActive(id string) (*record, error) {
	r, err := s.find(id)
	if err != nil {
		return nil, err
	}
	if r.scheduled() {
		return nil, awsjson.Refuse(typeInvalidRequest, textMarked)
	}
	return r, nil
}

// pick returns one character of the alphabet, all equally likely.
func pick(alphabet string) byte { return alphabet[randomInt(len(alphabet))] }

// randomInt returns a number of at least 0 and less than n.
func randomInt(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic("secretsmanager: no random numbers: " + err.Error()) // crypto/rand never fails
	}
	return int(i.Int64())
}
