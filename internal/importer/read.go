package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"token-refresher/internal/token"
)

// Limits of a file.
const (
	maxFile   = 256 << 20 // bytes
	maxRows   = 200_000
	maxGrant  = 60 << 10       // bytes of one: a secret takes 64 KiB, as JSON
	maxFaults = 20             // that one error names
	maxSkew   = 24 * time.Hour // of the clocks of who wrote the file and of this machine
)

// Row is one grant of a file, without revision and stamp.
type Row struct {
	Line  int // where it begins, from 1
	Grant token.Grant
}

// Read reads the grants of a file: CSV with a head, separated by commas or
// semicolons, or JSON objects, one after the other or in a list. A grant that
// names no client is of the one given. Fields that are empty are absent.
//
// Everything that is wrong is told at once, by line and without a value:
// unknown columns and fields, names that cannot be, a merchant or a refresh
// token that the file has twice.
func Read(file io.Reader, client string) ([]Row, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the file: %w", err)
	case len(text) > maxFile:
		return nil, fmt.Errorf("the file is longer than %d MB", maxFile>>20)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // Excel's byte order mark
	r := reader{client: client, lineOf: map[token.ID]int{}, tokenLine: map[token.Fingerprint]int{}}
	if start := bytes.TrimSpace(text); len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		r.json(text)
	} else {
		r.csv(text)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return r.rows, nil
}

// fields are the names of a grant's fields, in columns and in objects.
func fields() []string {
	return []string{"client", "merchant", "refresh_token", "code_verifier", "scope", "subject", "issuer", "consented_at"}
}

// reader collects rows, and what is wrong with them.
type reader struct {
	client    string
	rows      []Row
	faults    []error
	more      int // faults that are not told
	lineOf    map[token.ID]int
	tokenLine map[token.Fingerprint]int
}

func (r *reader) fault(line int, format string, args ...any) {
	if len(r.faults) == maxFaults {
		r.more++
		return
	}
	r.faults = append(r.faults, fmt.Errorf("line %d: %w", line, fmt.Errorf(format, args...)))
}

func (r *reader) err() error {
	if r.more > 0 {
		r.faults = append(r.faults, fmt.Errorf("and %d more", r.more))
	}
	if len(r.faults) == 0 && len(r.rows) == 0 {
		return errors.New("the file holds no grant")
	}
	return errors.Join(r.faults...)
}

// add makes a row of the fields of one grant.
func (r *reader) add(line int, field map[string]string) {
	if len(r.rows) == maxRows {
		r.fault(line, "more than %d grants: split the file", maxRows)
		return
	}
	grant := token.Grant{
		ID:           token.ID{Client: field["client"], Merchant: field["merchant"]},
		RefreshToken: token.NewSecret(field["refresh_token"]), CodeVerifier: token.NewSecret(field["code_verifier"]),
		Scope: field["scope"], Subject: field["subject"], Issuer: field["issuer"],
	}
	if grant.ID.Client == "" {
		grant.ID.Client = r.client
	}
	if at := field["consented_at"]; at != "" {
		consented, err := time.Parse(time.RFC3339, at)
		switch {
		case err != nil:
			r.fault(line, "consented_at is not a time as in RFC 3339, such as 2026-11-21T12:00:00Z")
		case consented.After(time.Now().Add(maxSkew)): // until then every invite would be taken for an old one
			r.fault(line, "consented_at lies in the future")
		}
		grant.ConsentedAt = consented.UTC().Truncate(time.Second)
	}
	r.check(line, grant)
	r.rows = append(r.rows, Row{Line: line, Grant: grant})
}

func (r *reader) check(line int, g token.Grant) {
	switch {
	case g.ID.Client == "":
		r.fault(line, "client is missing: add the column, or name one for all with --client")
	case g.ID.Merchant == "":
		r.fault(line, "merchant is missing")
	default:
		if err := g.ID.Check(); err != nil {
			r.fault(line, "%w", err)
		}
	}
	switch {
	case g.RefreshToken.Empty():
		r.fault(line, "refresh_token is missing")
		return
	case !g.RefreshToken.Storable(), !g.CodeVerifier.Empty() && !g.CodeVerifier.Storable():
		r.fault(line, "a secret is the placeholder that redacted secrets print as")
		return
	case len(g.RefreshToken.Reveal())+len(g.CodeVerifier.Reveal())+len(g.Scope)+len(g.Subject)+len(g.Issuer) > maxGrant:
		r.fault(line, "is longer than the %d bytes that fit into a secret", maxGrant)
		return
	case strings.ContainsFunc(g.RefreshToken.Reveal(), strange), strings.ContainsFunc(g.CodeVerifier.Reveal(), strange):
		r.fault(line, "refresh_token or code_verifier holds characters that neither can have")
		return
	}
	if first, twice := r.lineOf[g.ID]; twice {
		r.fault(line, "the same client and merchant as in line %d", first)
		return
	}
	fingerprint := token.FingerprintOf(g.RefreshToken)
	if first, twice := r.tokenLine[fingerprint]; twice {
		r.fault(line, "the same refresh_token as in line %d: one of the two merchants is wrong", first)
		return
	}
	r.lineOf[g.ID], r.tokenLine[fingerprint] = line, line
}

// strange is what no token or verifier holds (RFC 6749 appendix A.17: VSCHAR).
func strange(r rune) bool { return r <= ' ' || r > '~' }

// lines counts lines on the way through a text.
type lines struct {
	text     []byte
	offset   int
	finished int // lines before offset
}

// at is the line in which the byte is, from 1. Offsets may not decrease.
func (l *lines) at(offset int) int {
	l.finished += bytes.Count(l.text[l.offset:offset], []byte{'\n'})
	l.offset = offset
	return l.finished + 1
}

// firstLine is a text's first line.
func firstLine(text []byte) []byte {
	_, line, _ := bufio.ScanLines(text, true)
	return line
}
