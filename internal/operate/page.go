package operate

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"token-refresher/internal/token"
)

const (
	// maxPage is what one answer may take, in bytes of JSON. Lambda answers 6 MB
	// at most ("Lambda quotas"); one token takes about 400.
	maxPage = 5 << 20
	// pageChunk is how many tokens are looked at before it is seen whether there
	// is room and time for more.
	pageChunk = 500
	// pageMargin is what must be left of the invocation to look at more tokens,
	// or a quarter of it where that is less.
	pageMargin = 15 * time.Second
)

// bounds are what one answer may take; the zero value has none.
type bounds struct {
	size  int       // bytes
	until time.Time // what is not begun by then is left to the next answer
}

func boundsOf(ctx context.Context) bounds {
	b := bounds{size: maxPage}
	if deadline, limited := ctx.Deadline(); limited {
		b.until = deadline.Add(-min(pageMargin, time.Until(deadline)/4))
	}
	return b
}

func (b bounds) late() bool { return !b.until.IsZero() && time.Now().After(b.until) }

// subject is a client that is looked at.
type subject struct {
	Client
	credentials token.Stored[token.Credentials]
	ids         []token.ID         // of its tokens, in the order of the answer
	shown       map[token.ID]Token // those that the answer has
	examined    bool               // its health is known
	reached     bool               // the answer has it
}

// place is that of a token among all, or of a client that has none.
type place struct {
	id      token.ID
	subject *subject
}

// byID orders places. The text of an id would not do: it puts the merchants of a
// client behind another client whose name begins as this one's and goes on with
// a hyphen.
func byID(a, b token.ID) int {
	return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Merchant, b.Merchant))
}

// cursor reads the place that an answer named as its last. It may be that of a
// client whose name cannot be used.
func cursor(text string) token.ID {
	client, merchant, _ := strings.Cut(text, "/")
	return token.ID{Client: client, Merchant: merchant}
}

// behind are the places that come after one, in order.
func behind(after token.ID, subjects []*subject) []place {
	var places []place
	for _, s := range subjects {
		s.shown = make(map[token.ID]Token, len(s.ids))
		for _, id := range s.ids {
			places = append(places, place{id, s})
		}
		if len(s.ids) == 0 {
			places = append(places, place{token.ID{Client: s.Name}, s})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return byID(a.id, b.id) })
	if after == (token.ID{}) {
		return places
	}
	return slices.DeleteFunc(places, func(p place) bool { return byID(p.id, after) <= 0 })
}

// look shows what stands behind a token, as much of it as the bounds allow, and
// something in any case.
func (i *Inventory) look(ctx context.Context, filter, after token.ID, limit bounds) (Status, error) {
	subjects, listed, err := i.subjects(ctx, filter)
	if err != nil {
		return Status{}, err
	}
	answer := part{limit: limit}
	left := behind(after, subjects)
	for first := true; len(left) > 0 && !answer.full && (first || !limit.late()); first = false {
		chunk := left[:min(pageChunk, len(left))]
		tokens, err := i.show(ctx, chunk, listed)
		if err != nil {
			return Status{}, err
		}
		left = left[answer.take(chunk, tokens):]
	}
	status := Status{Clients: clientsIn(subjects)}
	if len(left) > 0 {
		status.Next = answer.last.String()
	}
	if after != (token.ID{}) { // what was asked for is known from an earlier part
		return status, nil
	}
	if refusal := unknown(status, filter); refusal != nil {
		return Status{}, refusal
	}
	return status, nil
}

// show looks at the tokens of these places, and at their clients.
func (i *Inventory) show(ctx context.Context, chunk []place, listed map[token.ID]string) (map[token.ID]Token, error) {
	var issued, granted []place
	for _, p := range chunk {
		s := p.subject
		if !s.examined && s.GrantType == token.GrantTypeAuthorizationCode && s.credentials.Err == nil {
			i.showHealth(ctx, &s.Client, s.credentials.Version)
		}
		s.examined = true
		switch {
		case len(s.ids) == 0:
		case s.GrantType == token.GrantTypeAuthorizationCode:
			granted = append(granted, p)
		default:
			issued = append(issued, p)
		}
	}
	tokens := make(map[token.ID]Token, len(chunk))
	if err := i.showIssued(ctx, issued, tokens); err != nil {
		return nil, err
	}
	return tokens, i.showGrants(ctx, granted, listed, tokens)
}

// part is what an answer has so far of the whole.
type part struct {
	limit bounds
	size  int      // bytes, in JSON
	last  token.ID // the place that it ends at
	full  bool
}

// take adds what there is room for, in order, and returns how many places that
// were. The first of all is always taken.
func (a *part) take(chunk []place, tokens map[token.ID]Token) (taken int) {
	for n, p := range chunk {
		shown, found := tokens[p.id]
		if a.limit.size > 0 {
			size := p.size(shown, found)
			if a.full = a.size > 0 && a.size+size > a.limit.size; a.full {
				return n
			}
			a.size += size
		}
		if found {
			p.subject.shown[p.id] = shown
		}
		p.subject.reached, a.last = true, p.id
	}
	return len(chunk)
}

// size is what a place adds to an answer, in bytes of JSON with a comma.
func (p place) size(shown Token, found bool) int {
	size := 0
	if found {
		size = encoded(shown) + 1
	}
	if !p.subject.reached {
		size += encoded(p.subject.Client) + 1
	}
	return size
}

func encoded(value any) int {
	text, _ := json.Marshal(value) //nolint:errchkjson // of such values none fails
	return len(text)
}

// clientsIn are the clients that the answer has, with their tokens.
func clientsIn(subjects []*subject) []Client {
	clients := []Client{}
	for _, s := range subjects {
		for _, id := range s.ids {
			if t, ok := s.shown[id]; ok {
				s.Tokens = append(s.Tokens, t)
			}
		}
		if s.reached {
			clients = append(clients, s.Client)
		}
	}
	return clients
}
