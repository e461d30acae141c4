package importer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// csv reads rows under a head that names the columns, in any order.
func (r *reader) csv(text []byte) {
	from := csv.NewReader(bytes.NewReader(text))
	from.Comma = separator(text)
	from.ReuseRecord = true
	head, err := from.Read()
	if err != nil {
		if !errors.Is(err, io.EOF) { // an empty file has no grant
			r.malformed(err)
		}
		return
	}
	columns := r.columns(head)
	if columns == nil {
		return
	}
	for {
		record, err := from.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil && !errors.Is(err, csv.ErrFieldCount) { // what follows a broken quote is no row
			r.malformed(err)
			return
		}
		line, _ := from.FieldPos(0)
		if err != nil {
			r.fault(line, "has %d fields, the head has %d", len(record), len(columns))
			continue
		}
		field := make(map[string]string, len(columns))
		for i, name := range columns {
			field[name] = strings.TrimSpace(record[i])
		}
		r.add(line, field)
	}
}

// columns reads the head. It is nil if rows under it mean nothing.
func (r *reader) columns(head []string) []string {
	var columns []string
	before := len(r.faults)
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case !slices.Contains(fields(), name):
			r.fault(1, "column %d is not one of %s", i+1, strings.Join(fields(), ", "))
		case slices.Contains(columns, name):
			r.fault(1, "column %s is there twice", name)
		}
		columns = append(columns, name)
	}
	for _, needed := range []string{"merchant", "refresh_token"} {
		if !slices.Contains(columns, needed) {
			r.fault(1, "there is no column %s", needed)
		}
	}
	if len(r.faults) > before {
		return nil
	}
	return columns
}

// malformed notes where the text stops being CSV.
func (r *reader) malformed(err error) {
	line := 1
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		line = parse.Line
	}
	r.fault(line, "a quote is out of place: neither JSON nor CSV")
}

// separator is the one of the head: a semicolon is what spreadsheets write
// where the comma divides decimals.
func separator(text []byte) rune {
	head := firstLine(text)
	if bytes.Count(head, []byte{';'}) > bytes.Count(head, []byte{','}) {
		return ';'
	}
	return ','
}
