package session

// run is messages in the flight, one behind the other, that lie in the same chunk, and of whose
// acknowledgement nobody wants to hear: they are settled at once, without a look at each, which
// would fetch what their sender has in its processor's cache.
type run struct {
	chunk  *chunk // nil: each has to be looked at
	n      int    // messages
	bytes  int    // their part of the queue's bound
	weight int    // and of the peer's window
	lane   Lane
}

const (
	// maxRuns is where runs end to be told apart: each message of the last one is looked at then. So
	// many take a small part of MemoryBuffers, and are more than a full queue needs, unless
	// messages go in several lanes by turns.
	maxRuns = 1 << 10
	runSize = 40 // bytes that a run fills
)

// follow adds messages of chunk c, that were put in the flight and written, to its last run, or to a
// new one. The first of them stands for all.
func (o *outbox) follow(it *item, c *chunk, added run) {
	if it.has(itemNotify) || c.large {
		c = nil
	}
	var r *run
	if k := o.runs.len(); k > 0 {
		r = o.runs.at(k - 1)
	}
	if r == nil || r.chunk != c {
		if o.runs.len() < maxRuns {
			r = o.runs.push()
			r.chunk, r.lane = c, it.lane
		} else {
			r.chunk = nil
		}
	}
	r.n += added.n
	r.bytes += added.bytes
	r.weight += added.weight
}

// passRun settles the first run if all of it is acknowledged.
func (o *outbox) passRun(done uint64) bool {
	r := o.runs.at(0)
	if r.chunk == nil || o.first+uint64(r.n)-1 > done {
		return false
	}
	o.weight -= r.weight
	o.bytes -= r.bytes
	o.drop(r.lane, r.chunk, r.n)
	o.flight.pop(r.n, &o.spare)
	o.first += uint64(r.n)
	o.runs.pop()
	return true
}

// passed takes one message from the first run, before it is settled by itself.
func (o *outbox) passed(it *item) {
	r := o.runs.at(0)
	r.n--
	r.bytes -= it.cost()
	r.weight -= int(it.weight)
	if r.n == 0 {
		o.runs.pop()
	}
}

// lookAtEach is called when messages in the flight have changed.
func (o *outbox) lookAtEach() {
	if o.stock == nil {
		return
	}
	for o.runs.len() > 0 {
		o.runs.pop()
	}
	if n := o.flight.len(); n > 0 {
		o.runs.push().n = n
	}
}
