package page

// Kind is how a consent ended, as a merchant is told.
type Kind string

// The kinds of a page.
const (
	Done     Kind = "done"      // permission was given and is stored
	Closed   Kind = "closed"    // nothing is under way, nothing is wrong
	Declined Kind = "declined"  // the merchant said no
	Expired  Kind = "expired"   // the link, or the attempt that it began, is too old or damaged
	Already  Kind = "already"   // permission was given before and still holds
	Wrong    Kind = "wrong"     // anything that support must look at
	TryAgain Kind = "try_again" // it will work in a few minutes
	TooMany  Kind = "too_many"  // it was tried too often for now
	NotFound Kind = "not_found" // nothing is at this address
)

// Kinds returns all of them.
func Kinds() []Kind {
	return []Kind{Done, Closed, Declined, Expired, Already, Wrong, TryAgain, TooMany, NotFound}
}

// tone says which colour a kind's mark has: a class of the style sheet.
func (k Kind) tone() string {
	switch k {
	case Done, Already:
		return "good"
	case Expired, TryAgain, TooMany:
		return "wait"
	case Wrong:
		return "bad"
	default:
		return "calm"
	}
}

// ring is a circle around the middle of a mark.
const ring = "M45 24A21 21 0 1 1 3 24A21 21 0 1 1 45 24Z"

// mark is the drawing above a kind's heading: the data of a path in a square of
// 48, drawn as a line.
func (k Kind) mark() string {
	switch k {
	case Done:
		return ring + "M14 25l7 7 13-15" // a tick
	case Already:
		return ring + "M9 25l6 7 12-15M21 30l2 2 13-15" // two ticks
	case Declined:
		return ring + "M14 24h20" // a bar
	case Expired:
		return ring + "M24 12v12l8 5" // a clock
	case Wrong:
		return "M24 5L45 42H3ZM24 18v11M24 35v.5" // a warning sign
	case TryAgain:
		return "M43 24A19 19 0 1 1 36 9.500M37 2v8h-8" // an arrow around
	case TooMany:
		return ring + "M19 16v16M29 16v16" // a pause
	case NotFound:
		return ring + "M18 19a6 6 0 1 1 9 5.200c-2 1.200-3 2-3 4.300M24 34v.5" // a question
	default:
		return "M4 8h40v32H4ZM4 16h40M19 24l10 10M29 24l-10 10" // a window with a cross
	}
}
