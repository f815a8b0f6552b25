package session

// requests are what is wanted of messages that were accepted. Most sessions have none, so they
// are apart from the outbox.
type requests struct {
	cancelled map[uint64]struct{} // ids in the flight, to be given up where that is still possible
	flushes   []flush
	ask       bool // a Flush wants an ACK with ask
}

// flush waits for the outcomes of messages.
type flush struct {
	id, upTo uint64
	left     int  // of those up to it, without an outcome
	away     bool // it is GoAway that waits
}

// empty tells whether nothing is wanted. r may be nil.
func (r *requests) empty() bool {
	return r == nil || len(r.cancelled) == 0 && len(r.flushes) == 0 && !r.ask
}

// want returns the requests, to add one.
func (o *outbox) want() *requests {
	if o.requests == nil {
		o.requests = new(requests)
	}
	return o.requests
}

// watch waits for the outcomes of f. The peer is asked for them.
func (o *outbox) watch(f flush) {
	r := o.want()
	r.flushes = append(r.flushes, f)
	r.ask = true
}

// asks tells whether the peer is to be asked for an acknowledgement.
func (o *outbox) asks() bool { return o.requests != nil && o.requests.ask }

// cancelLater notes a message that may be in the flight. Those that are not are forgotten when there
// may be many.
func (o *outbox) cancelLater(id uint64) {
	r := o.want()
	if r.cancelled == nil {
		r.cancelled = map[uint64]struct{}{}
	}
	r.cancelled[id] = struct{}{}
	if len(r.cancelled) <= 2*o.flight.len()+16 {
		return
	}
	kept := map[uint64]struct{}{}
	for i := range o.flight.len() {
		if it := o.flight.at(i); !it.has(itemGone) && o.isCancelled(it.id) {
			kept[it.id] = struct{}{}
		}
	}
	r.cancelled = kept
}

func (o *outbox) isCancelled(id uint64) bool {
	if o.requests == nil {
		return false
	}
	_, is := o.requests.cancelled[id]
	return is
}
