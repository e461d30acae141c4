package lambda

import "sync"

// room counts the instances of a function and who waits for one, so that a new
// one is started only when there are fewer free instances than invocations
// waiting: one process stays one process while its caller takes turns with it.
type room struct {
	// size is the most instances there may be.
	size int

	mu        sync.Mutex
	instances int
	// free is how many of them have no work: starting, or done with the last.
	free int
	// waiting is how many invocations have no instance.
	waiting int
	// changed is closed, and replaced, when an instance is gone.
	changed chan struct{}
}

// join counts an invocation in, until it leaves or is taken.
func (r *room) join() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting++
}

// leave counts out an invocation that gave up.
func (r *room) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting--
}

// claim makes room for another free instance, if it is needed and fits.
func (r *room) claim() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting <= r.free || r.instances == r.size {
		return false
	}
	r.instances++
	r.free++
	return true
}

// take says that a free instance has got a waiting invocation.
func (r *room) take() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free--
	r.waiting--
}

// release says that a busy instance is free again.
func (r *room) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free++
}

// vacate says that an instance is gone, and whether it was free.
func (r *room) vacate(wasFree bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.instances--
	if wasFree {
		r.free--
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// watch returns a channel that is closed when the next instance is gone.
func (r *room) watch() chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}
