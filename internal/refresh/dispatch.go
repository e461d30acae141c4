package refresh

import "slices"

// verdict is what a gate says about an item that waits its turn.
type verdict int

const (
	start verdict = iota // now
	wait                 // not before something that runs has ended
	skip                 // not in this sweep
)

// dispatch runs items in their order, at most limit at a time. Before each
// start it asks gate; after each run it gives the result to settle. Both are
// called by the calling goroutine only, so what they share needs no lock, and
// one item's failure reaches another only through them.
//
// It returns the items that were skipped.
func dispatch[I, R any](items []I, limit int, gate func(I) verdict, run func(I) R, settle func(I, R)) (skipped []I) {
	type ended struct {
		item   I
		result R
	}
	results := make(chan ended)
	waiting, running := slices.Clone(items), 0
	for {
		waiting = slices.DeleteFunc(waiting, func(item I) bool {
			if running == limit {
				return false
			}
			switch gate(item) {
			case start:
				running++
				go func() { results <- ended{item, run(item)} }()
				return true
			case skip:
				skipped = append(skipped, item)
				return true
			default:
				return false
			}
		})
		if running == 0 {
			return append(skipped, waiting...)
		}
		end := <-results
		running--
		settle(end.item, end.result)
	}
}
