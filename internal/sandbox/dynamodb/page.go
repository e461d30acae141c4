package dynamodb

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// maxPage is the size of the items that one Query or Scan reads, in bytes.
const maxPage = 1 << 20

// A walk goes over the keys of a bucket from one to another, not included, or
// backwards.
type walk struct {
	bucket    *bbolt.Bucket
	from, to  []byte // nil: no bound
	after     []byte // only what comes after this key, in the direction of the walk
	backwards bool
	limit     int // of items; 0: none
}

// page is the answer of a Query or a Scan.
type page struct {
	Items            []item
	Count            int
	ScannedCount     int
	LastEvaluatedKey item `json:",omitempty"`
}

// read walks until the limit, or the size of a page, is reached. As at AWS, it
// then names the last item even if nothing follows.
func (w walk) read(keyNames []string, filter condition) (page, error) {
	p := page{Items: []item{}}
	size := 0
	cursor := w.bucket.Cursor()
	for key, data := w.first(cursor); key != nil && w.within(key); key, data = w.next(cursor) {
		i, err := readItem(data)
		if err != nil {
			return page{}, err
		}
		p.ScannedCount++
		if filter.holds(i) {
			p.Items = append(p.Items, i)
			p.Count++
		}
		size += i.size()
		if p.ScannedCount == w.limit || size >= maxPage {
			p.LastEvaluatedKey = i.only(keyNames...)
			return p, nil
		}
	}
	return p, nil
}

func (w walk) first(cursor *bbolt.Cursor) (key, data []byte) {
	if !w.backwards {
		return w.firstForwards(cursor)
	}
	bound := w.to
	if w.after != nil {
		bound = w.after
	}
	if key, _ := cursor.Seek(bound); key == nil {
		return cursor.Last()
	}
	return cursor.Prev()
}

func (w walk) firstForwards(cursor *bbolt.Cursor) (key, data []byte) {
	if w.after == nil {
		return cursor.Seek(w.from)
	}
	if key, data = cursor.Seek(w.after); bytes.Equal(key, w.after) {
		return cursor.Next()
	}
	return key, data
}

func (w walk) next(cursor *bbolt.Cursor) (key, data []byte) {
	if w.backwards {
		return cursor.Prev()
	}
	return cursor.Next()
}

func (w walk) within(key []byte) bool {
	return bytes.Compare(key, w.from) >= 0 && (w.to == nil || bytes.Compare(key, w.to) < 0)
}

// limitOf reads the limit of a request.
func limitOf(limit *int) (int, error) {
	switch {
	case limit == nil:
		return 0, nil
	case *limit < 1:
		return 0, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *limit)
	default:
		return *limit, nil
	}
}
