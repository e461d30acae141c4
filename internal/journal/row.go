package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// Schema is the number of the row layout that this version writes.
//
// A later layout adds fields at the top of the document and nothing else: this
// version then reads and rewrites its rows without losing them. A layout that
// this version must not touch says so with the document's field "reader", the
// lowest schema that may read the row.
const Schema = 1

// maxRowLen is the most that a row may take, in bytes: DynamoDB's limit for an
// item is 400 KB with its names, index attributes and encoding.
const maxRowLen = 350_000

const keyPrefix = "grant#"

// Row is an entry as it is stored, in every backend alike.
type Row struct {
	Key       string          `json:"key"`
	WriteID   string          `json:"write_id"`
	Schema    int             `json:"schema"`
	DueAt     int64           `json:"due_at,omitempty"`     // Unix time in nanoseconds; 0: not in the index
	PublishAt int64           `json:"publish_at,omitempty"` // likewise
	Document  json.RawMessage `json:"document"`             // all that is not secret
	Sealed    []byte          `json:"sealed,omitempty"`     // the answer
}

// Key is the key of an entry's row.
func Key(id token.ID) string { return keyPrefix + id.String() }

// ParseKey returns the id that a row's key names. Errors: token.ErrUnreadable.
func ParseKey(key string) (token.ID, error) {
	text, ok := strings.CutPrefix(key, keyPrefix)
	if !ok {
		return token.ID{}, fmt.Errorf("%w: a row's key starts with %s", token.ErrUnreadable, keyPrefix)
	}
	id, err := token.ParseID(text)
	if err == nil {
		err = checkID(id)
	}
	if err != nil {
		return token.ID{}, fmt.Errorf("%w: a row's key: %w", token.ErrUnreadable, err)
	}
	return id, nil
}

func checkID(id token.ID) error {
	if id.Merchant == "" {
		return errors.New("a grant is a merchant's: the id names none")
	}
	return id.Check()
}

// indexTime is a time as an index sorts it. A time that an index cannot hold is
// refused: it would put the entry out of sight.
func indexTime(t time.Time) (int64, error) {
	if t.IsZero() {
		return 0, nil
	}
	if t.Year() < 1971 || t.Year() > 2261 {
		return 0, fmt.Errorf("the year %d cannot be indexed", t.Year())
	}
	return t.UnixNano(), nil
}
