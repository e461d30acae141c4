package page

// wording is everything that the pages say in one language.
type wording struct {
	reference string // label of the reference
	tell      string // whom to tell it
	back      string // text of the link to the return address: %s is its host
	outcomes  map[Kind]outcome
}

// outcome is the text of one page.
type outcome struct {
	heading  string // also the title of the document
	happened string // what happened, in a sentence or two
	next     string // what to do now, or that there is nothing to do
}

// words returns the wording of a language, or false if there is none.
//
// A merchant is a shop owner, in the middle of a morning. The words name no
// technology and no brand (the provider is the operator's choice), blame nobody,
// and call the integrator what a merchant knows for certain about it: the
// company that sent the link.
func words(l Language) (w wording, ok bool) {
	switch l {
	case English:
		return english(), true
	case Danish:
		return danish(), true
	case Finnish:
		return finnish(), true
	default:
		return wording{}, false
	}
}
