package refresh

// breakerClients is how many clients must fail without a success between
// before it is the provider's fault and not theirs.
const breakerClients = 3

// breaker protects one provider that is down, and us from waiting for it. It
// opens when three clients (or all, if there are fewer) failed without a
// success between; while it is open one token a sweep is tried, and the first
// success closes it.
type breaker struct {
	open    bool
	failing map[string]bool // clients that failed since the last success
}

// succeeded reports whether the success closed the breaker.
func (b *breaker) succeeded() (closed bool) {
	closed = b.open
	*b = breaker{}
	return closed
}

// failed notes a failure of client, one of that many that use the provider. It
// reports whether that opened the breaker.
func (b *breaker) failed(client string, clients int) (opened bool) {
	if b.failing == nil {
		b.failing = map[string]bool{}
	}
	b.failing[client] = true
	if b.open || len(b.failing) < min(breakerClients, clients) {
		return false
	}
	b.open = true
	return true
}
