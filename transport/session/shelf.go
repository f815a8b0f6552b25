package session

// stock is the memory of an outbox that is in use. Many a session has none, so it is apart.
type stock struct {
	shelf shelf
	spare spare     // blocks for the lanes and the flight
	runs  ring[run] // the flight once more
}

// trim gives the stock of an outbox without messages back.
func (o *outbox) trim() {
	if o.stock == nil {
		return
	}
	for l := range o.lane {
		o.lane[l].trim(&o.spare)
	}
	o.flight.trim(&o.spare)
	o.spare.trim()
	o.stock = nil
}

// shelf has the chunks that messages are in. A message names its chunk by the place here: without a
// pointer, what is kept for it can be left behind as it is, by whoever passes it, and the garbage
// collector need not look at it.
type shelf struct {
	chunks []*chunk // the first is nil: what is gone names it
	free   []uint32 // places of others that are nil
	bytes  int      // of memory in chunks
}

// add gives a chunk its place: the first message was put in it.
func (s *shelf) add(c *chunk) {
	s.bytes += cap(c.buf)
	if k := len(s.free); k > 0 {
		c.place, s.free = s.free[k-1], s.free[:k-1]
		s.chunks[c.place] = c
		return
	}
	if s.chunks == nil {
		s.chunks = make([]*chunk, 1, 2)
	}
	c.place = uint32(len(s.chunks))
	s.chunks = append(s.chunks, c)
}

// remove takes the place back: the last message of the chunk is settled.
func (s *shelf) remove(c *chunk) {
	s.bytes -= cap(c.buf)
	s.chunks[c.place] = nil
	s.free = append(s.free, c.place)
}
