package session

// The queue's bound counts each message with its payload and its place (itemCost). What is here keeps
// the memory that messages really take within so many times that:
const tidyFactor = 2

// taken is what the queue's bound has given away: to messages, and to places of those that are gone.
func (o *outbox) taken() int { return o.bytes + int(o.gone+o.gaps)*itemCost }

// held is how many bytes the outbox takes: for places, those that are spare too, runs and payloads.
func (o *outbox) held() int {
	if o.stock == nil {
		return 0
	}
	places := o.flight.room() + len(o.spare.blocks)*blockSize
	for l := range o.lane {
		places += o.lane[l].room()
	}
	return places*itemSize + len(o.runs.buf)*runSize + o.shelf.bytes
}

// payloads is how many bytes the messages have. They are in chunks of shelf.bytes.
func (o *outbox) payloads() int {
	return o.bytes - (o.n+o.flight.len()-int(o.gaps))*itemCost
}

// stored notes the chunk that a payload was put in.
func (m *Machine) stored(c *chunk) {
	if c.live == 1 {
		if m.outbox.stock == nil {
			m.outbox.stock = new(stock)
		}
		m.outbox.shelf.add(c)
	}
}

// unstore takes back a message that was put in c last, and is not queued.
func (m *Machine) unstore(lane Lane, c *chunk) {
	m.outbox.drop(lane, c, 1)
}

// releaseLate releases messages that were settled before their write has returned.
func (m *Machine) releaseLate(late int) {
	if late > 0 {
		m.outbox.bytes -= late
		m.room()
	}
}

// tidy is called when messages may have gone from the middle of the queue. It closes gaps in lanes
// and in memory when there are many.
func (m *Machine) tidy() {
	o := &m.outbox
	if int(o.gone) > o.n {
		for l := range o.lane {
			o.gone -= o.closeGaps(&o.lane[l])
		}
		m.room()
	}
	if o.stock != nil && o.shelf.bytes > tidyFactor*o.payloads()+int(lanes)*2*chunkSize {
		o.repack()
	}
}

// closeGaps takes the items out of a lane that are gone, and tells how many those were.
func (o *outbox) closeGaps(r *places) (gone int32) {
	for range r.len() {
		it := *r.at(0)
		r.pop(1, &o.spare)
		if it.has(itemGone) {
			gone++
		} else {
			*r.push(&o.spare) = it
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
	o.lookAtEach()
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
	if it.has(itemGone) || o.shelf.chunks[it.chunk].large {
		return
	}
	old, all := o.shelf.chunks[it.chunk], o.shelf.whole(it)
	f := &o.filler[it.lane]
	c := f.fill
	if c == nil || cap(c.buf)-len(c.buf) < int(it.size) {
		c = chunks.Get().(*chunk)
		f.fill = c
	}
	it.off = uint32(len(c.buf))
	c.buf = append(c.buf, all...)
	if c.live++; c.live == 1 {
		o.shelf.add(c)
	}
	it.chunk = c.place
	if old.live--; old.live == 0 {
		o.shelf.remove(old)
		old.free()
	}
}
