package journal

// RowOf and ItemOf turn rows into items and back, for tests that act behind the
// journal's back.
var (
	RowOf  = rowOf
	ItemOf = Row.item
)
