package secretsmanager

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/sandbox/awsjson"
)

// maxPage is the largest page of a list, and the usual one.
const maxPage = 100

// A position is where an item stands in a list. A token is the position of the
// last item of a page, so that what comes or goes between two pages neither
// repeats nor hides anything else.
type position struct {
	Key        string // what is sorted by, comparable as text
	Name       string // unique
	Descending bool   `json:",omitempty"`
}

func (p position) compare(q position) int {
	order := cmp.Or(strings.Compare(p.Key, q.Key), strings.Compare(p.Name, q.Name))
	if p.Descending {
		return -order
	}
	return order
}

type onePage[T any] struct {
	items []T
	next  string // empty on the last page
}

// page sorts items by position and cuts the page that follows the token.
func page[T any](items []T, at func(T) position, size int, token string) (onePage[T], error) {
	var last position
	if token != "" {
		var err error
		if last, err = parsePosition(token); err != nil {
			return onePage[T]{}, err
		}
	}
	type placed struct {
		item T
		at   position
	}
	var rest []placed
	for _, item := range items {
		if p := at(item); token == "" || p.compare(last) > 0 {
			rest = append(rest, placed{item, p})
		}
	}
	slices.SortFunc(rest, func(a, b placed) int { return a.at.compare(b.at) })
	var result onePage[T]
	if len(rest) > size {
		rest = rest[:size]
		result.next = rest[size-1].at.token()
	}
	for _, p := range rest {
		result.items = append(result.items, p.item)
	}
	return result, nil
}

func (p position) token() string {
	b, _ := json.Marshal(p) // two texts and a flag: cannot fail
	return base64.RawURLEncoding.EncodeToString(b)
}

func parsePosition(token string) (position, error) {
	var p position
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		return p, awsjson.Refuse(typeInvalidNextToken, "Invalid token, expired token, or wrong token.")
	}
	return p, nil
}

// pageSize reads MaxResults: nil means as many as a page may hold.
func pageSize(maxResults *int, most int) (int, error) {
	switch {
	case maxResults == nil:
		return most, nil
	case *maxResults < 1:
		return 0, invalid("Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1", *maxResults)
	case *maxResults > most:
		return 0, invalid("Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to %d", *maxResults, most)
	default:
		return *maxResults, nil
	}
}

func sortableTime(t time.Time) string { return fmt.Sprintf("%020d", max(t.UnixNano(), 0)) }
