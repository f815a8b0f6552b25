package session

// The queue's bound counts each message with its payload and its place (itemCost). What is here keeps
// the memory that messages really take within so many times that:
const tidyFactor = 2

// taken is what the queue's bound has given away: to messages, and to places of those that are gone.
func (o *outbox) taken() int { return o.bytes + int(o.gone+o.gaps)*itemCost }

// rings is how many bytes the places take.
func (o *outbox) rings() int {
	n := len(o.flight.buf)
	for l := range o.lane {
		n += len(o.lane[l].buf)
	}
	return n * itemCost
}

// payloads is how many bytes the messages have. They are in chunks of o.stored bytes.
func (o *outbox) payloads() int {
	return o.bytes - (o.n+o.flight.len()-int(o.gaps))*itemCost
}

// stored notes the chunk that a payload was put in.
func (m *Machine) stored(c *chunk) {
	if c.live == 1 {
		m.outbox.stored += cap(c.buf)
		m.fit()
	}
}

// unstore takes back a message that was put in c last, and is not queued.
func (m *Machine) unstore(lane Lane, c *chunk) {
	if c.live == 1 {
		m.outbox.stored -= cap(c.buf)
	}
	m.outbox.filler[lane].drop(c)
}

// releaseLate releases messages that were settled before their write has returned.
func (m *Machine) releaseLate(late int) {
	if late > 0 {
		m.outbox.bytes -= late
		m.room()
	}
}

// fit is called when a ring is about to grow, or a chunk has been taken: all rings get the size that
// they need if they would take too much, as after many messages have gone from one to another.
func (m *Machine) fit() {
	o := &m.outbox
	if o.stored+2*o.rings() <= tidyFactor*m.p.cfg.Queue {
		return
	}
	for l := range o.lane {
		o.lane[l].slim()
	}
	o.flight.slim()
}

// tidy is called when messages may have gone from the middle of the queue. It closes gaps in lanes
// and in memory when there are many.
func (m *Machine) tidy() {
	o := &m.outbox
	if int(o.gone) > o.n {
		for l := range o.lane {
			o.gone -= closeGaps(&o.lane[l])
		}
		m.room()
	}
	if o.stored > tidyFactor*o.payloads()+int(lanes)*2*chunkSize {
		o.repack()
	}
}

// closeGaps takes the items out of a lane that are gone, and tells how many those were.
func closeGaps(r *ring[item]) (gone int32) {
	for range r.len() {
		it := *r.at(0)
		r.pop()
		if it.has(itemGone) {
			gone++
		} else {
			*r.push() = it
		}
	}
	return gone
}

// repack moves small payloads together.
func (o *outbox) repack() {
	for l := range o.filler {
		o.filler[l].trim()
		o.filler[l].fill = nil
	}
	for i := range o.flight.len() {
		o.repackItem(o.flight.at(i))
	}
	for l := range o.lane {
		for i := range o.lane[l].len() {
			o.repackItem(o.lane[l].at(i))
		}
	}
}

// repackItem moves the payload of one message, unless it has a chunk for itself.
func (o *outbox) repackItem(it *item) {
	old := it.chunk
	if it.has(itemGone) || old.large {
		return
	}
	f := &o.filler[it.lane]
	c := f.fill
	if c == nil || cap(c.buf)-len(c.buf) < int(it.size) {
		c = chunks.Get().(*chunk)
		f.fill = c
	}
	all := old.buf[it.off : it.off+it.size] // with the metadata
	it.chunk, it.off = c, uint32(len(c.buf))
	c.buf = append(c.buf, all...)
	if c.live++; c.live == 1 {
		o.stored += cap(c.buf)
	}
	if old.live--; old.live == 0 {
		o.stored -= cap(old.buf)
		old.free()
	}
}
