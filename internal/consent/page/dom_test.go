package page_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"token-refresher/internal/consent/page"
)

// dom is a parsed page.
type dom struct {
	source   []byte
	elements []element
}

type element struct{ *html.Node }

func render(t *testing.T, v page.View) dom {
	t.Helper()
	out, err := page.Render(v)
	if err != nil {
		t.Fatalf("Render(%+v): %v", v, err)
	}
	return parse(t, out)
}

func parse(t *testing.T, source []byte) dom {
	t.Helper()
	root, err := html.Parse(strings.NewReader(string(source)))
	if err != nil {
		t.Fatalf("parse the page: %v", err)
	}
	d := dom{source: source}
	for node := range root.Descendants() {
		if node.Type == html.ElementNode {
			d.elements = append(d.elements, element{node})
		}
	}
	return d
}

func (d dom) named(name string) []element {
	var found []element
	for _, e := range d.elements {
		if e.Data == name {
			found = append(found, e)
		}
	}
	return found
}

func (d dom) only(t *testing.T, name string) element {
	t.Helper()
	found := d.named(name)
	if len(found) != 1 {
		t.Fatalf("got %d elements %s, want 1", len(found), name)
	}
	return found[0]
}

func (d dom) meta(name string) string {
	for _, e := range d.named("meta") {
		if e.attribute("name") == name {
			return e.attribute("content")
		}
	}
	return ""
}

// shape is the sequence of elements with the names of their attributes.
func (d dom) shape() string {
	var s strings.Builder
	for _, e := range d.elements {
		s.WriteString(e.Data)
		for _, a := range e.Attr {
			s.WriteString(" " + a.Key)
		}
		s.WriteString("; ")
	}
	return s.String()
}

func (e element) attribute(name string) string {
	for _, a := range e.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (e element) text() string {
	var s strings.Builder
	for node := range e.Descendants() {
		if node.Type == html.TextNode {
			s.WriteString(node.Data)
		}
	}
	return s.String()
}
