package page

import (
	"bytes"
	_ "embed" // page.html
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"regexp"

	"token-refresher/internal/loopback"
)

//go:embed page.html
var document string

// referencePattern is what may stand on a page as a reference.
var referencePattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// View is one page.
type View struct {
	Kind      Kind
	Language  Language
	Reference string // by which support finds the log line; empty: none is shown
	ReturnTo  string // from the invite; empty: there is no way back
}

// shown is what the document is filled with.
type shown struct {
	Language                        Language
	Style                           template.CSS
	Tone, Mark                      string
	Heading, Happened, Next         string
	Href, Back                      string
	ReferenceLabel, Reference, Tell string
}

// Render returns the whole document, in UTF-8. It is refused for a kind or
// language that there is no text for, for a reference that is more than letters,
// digits and hyphens (64 at most), and for a return address that a browser could
// take for anything but a page elsewhere: it must be https, or http on loopback.
func Render(v View) ([]byte, error) {
	in, err := v.shown()
	if err != nil {
		return nil, fmt.Errorf("page %q: %w", v.Kind, err)
	}
	page, err := template.New("page").Parse(document)
	if err != nil {
		return nil, fmt.Errorf("parse the page: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, in); err != nil {
		return nil, fmt.Errorf("fill the page: %w", err)
	}
	return out.Bytes(), nil
}

func (v View) shown() (shown, error) {
	w, ok := words(v.Language)
	if !ok {
		return shown{}, fmt.Errorf("no words in language %q", v.Language)
	}
	text, ok := w.outcomes[v.Kind]
	if !ok {
		return shown{}, errors.New("no words for it")
	}
	if v.Reference != "" && !referencePattern.MatchString(v.Reference) {
		return shown{}, fmt.Errorf("the reference must match %s", referencePattern)
	}
	in := shown{
		Language: v.Language, Style: template.CSS(style), Tone: v.Kind.tone(), Mark: v.Kind.mark(), //nolint:gosec // embedded
		Heading: text.heading, Happened: text.happened, Next: text.next,
		ReferenceLabel: w.reference, Reference: v.Reference, Tell: w.tell,
	}
	if v.ReturnTo == "" {
		return in, nil
	}
	host, err := hostOf(v.ReturnTo)
	if err != nil {
		return shown{}, err
	}
	in.Href, in.Back = v.ReturnTo, fmt.Sprintf(w.back, host)
	return in, nil
}

// hostOf returns the host of a return address, as a merchant is shown where the
// link leads. The error does not repeat the address.
func hostOf(returnTo string) (string, error) {
	u, err := url.Parse(returnTo)
	switch {
	case err != nil, u.Hostname() == "", u.User != nil, u.Opaque != "":
		return "", errors.New("the return address is no absolute URL of a page")
	case u.Scheme == "https", u.Scheme == "http" && loopback.Is(u.Hostname()):
		return u.Host, nil
	default:
		return "", errors.New("the return address is neither https nor http on loopback")
	}
}
