package simulation_test

import (
	"errors"
	"fmt"
	"net/http"
)

// errRefused is what a store or a provider answers that does nothing, errLost
// what is seen of one that did and whose answer was lost.
var (
	errRefused = errors.New("refused")
	errLost    = errors.New("answer lost")
)

// death is the panic of a process that dies.
type death struct{}

// Ways in which one step goes wrong.
const (
	diesBefore  = "dies before"
	diesAfter   = "dies after"
	isRefused   = "is refused"
	isThrottled = "is throttled"
	personActs  = "a person acts before"
	answerLost  = "loses the answer of"
)

// steps counts what one process asks of its surroundings, and makes one of these
// steps go wrong. A nil *steps does neither. It is for a process of one
// goroutine.
type steps struct {
	at    int // the step that goes wrong, from 1; 0 for none
	how   string
	act   func()   // what a person does
	names []string // of the steps taken
}

// begin is called before a step has an effect.
func (s *steps) begin(name string) error {
	if s == nil {
		return nil
	}
	count := 1
	for _, earlier := range s.names {
		if earlier == name || len(earlier) > len(name) && earlier[:len(name)+1] == name+"#" {
			count++
		}
	}
	s.names = append(s.names, fmt.Sprintf("%s#%d", name, count))
	if len(s.names) != s.at {
		return nil
	}
	switch s.how {
	case diesBefore:
		panic(death{})
	case isRefused:
		return errRefused
	case isThrottled:
		return errThrottled
	case personActs:
		s.act()
	}
	return nil
}

// end is called after it had one.
func (s *steps) end() error {
	if s == nil || len(s.names) != s.at {
		return nil
	}
	switch s.how {
	case diesAfter:
		panic(death{})
	case answerLost:
		return errLost
	}
	return nil
}

// refuses and loses are begin and end for the provider, which answers with a
// status; 0 is none.
func (s *steps) refuses(name string) (status int) {
	switch err := s.begin(name); {
	case err == nil:
		return 0
	case errors.Is(err, errThrottled):
		return http.StatusTooManyRequests
	default:
		return http.StatusServiceUnavailable
	}
}

func (s *steps) loses() bool { return s.end() != nil }
