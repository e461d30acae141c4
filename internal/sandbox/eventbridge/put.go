package eventbridge

import (
	"encoding/json"
	"strings"

	"token-refresher/internal/sandbox/awsjson"
)

const (
	// maxEntries is the most events that one call takes.
	maxEntries = 10

	// maxSize is the limit of a call's events in bytes ("Calculating PutEvents
	// event entry size" in the user guide). AWS has raised its own to 1 MB; what
	// fits here fits everywhere.
	maxSize = 256 << 10

	// timeSize is what an entry's time counts.
	timeSize = 14
)

type putRequest struct{ Entries []entry }

type entry struct {
	Source       string
	DetailType   string
	Detail       string
	EventBusName string
	Resources    []string
	Time         awsjson.Time
}

type putAnswer struct {
	FailedEntryCount int
	Entries          []result
}

// result is what became of one entry, in the order of the request.
type result struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// putEvents takes the entries that are events. What is wrong with one is part of
// the answer, and the call succeeds.
func (s *Sink) putEvents(in putRequest) (putAnswer, error) {
	if err := in.check(); err != nil {
		return putAnswer{}, err
	}
	var answer putAnswer
	for _, e := range in.Entries {
		r := e.check()
		if r.ErrorCode == "" {
			r.EventID = s.take(e)
		} else {
			answer.FailedEntryCount++
		}
		answer.Entries = append(answer.Entries, r)
	}
	return answer, nil
}

func (in putRequest) check() error {
	size := 0
	for _, e := range in.Entries {
		size += e.size()
	}
	switch {
	case len(in.Entries) == 0:
		return invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(in.Entries) > maxEntries:
		return invalid("1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10")
	case size > maxSize:
		return invalid("Total size of the entries in the request is over the limit.")
	default:
		return nil
	}
}

func (e entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	for _, r := range e.Resources {
		n += len(r)
	}
	if !e.Time.IsZero() {
		n += timeSize
	}
	return n
}

// check is a result with an error, or the zero one.
func (e entry) check() result {
	for _, required := range []struct{ name, value string }{
		{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail},
	} {
		if required.value == "" {
			return result{ErrorCode: "InvalidArgument", ErrorMessage: "Parameter " + required.name + " is not valid. Reason: " + required.name + " is a required argument."}
		}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(e.Detail), &object); err != nil || object == nil {
		return result{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	if strings.HasPrefix(e.Source, "aws.") {
		return result{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source."}
	}
	return result{}
}
