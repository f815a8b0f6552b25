package session

import (
	"fmt"
	"math"

	"github.com/parleyproto/parley/codec"
)

// outbox is what is to be sent: in lanes without a number, then in the flight with one, until
// it is acknowledged.
type outbox struct {
	queues
	filler [lanes]filler

	flight places
	first  uint64 // the number of the flight's front, or the next to be given
	next   uint64 // the number to write next on this connection: first ≤ next ≤ first+flight.len()
	sent   uint64 // the highest number ever written whole
	got    uint64 // the highest number that the peer is known to have received
	weight int    // of the flight in the peer's window

	bytes   int // of all messages, as the bound counts them
	unsent  int // of those that have no number
	lastID  uint64
	gaps    int32   // of the flight: messages that are gone, and keep their places
	refused int32   // size of the message that found the queue full
	expires instant // no message without a number expires before
	swept   instant // when the lanes were last swept

	requests *requests // nil: there were none lately
}

func (o *outbox) init() { o.first, o.next, o.expires = 1, 1, never }

// bound is how many bytes a lane may fill up to.
func (m *Machine) bound(l Lane) int {
	if l == High {
		return m.p.cfg.Queue
	}
	return m.p.cfg.Queue - m.p.cfg.Queue/8
}

// admit makes room for a payload in a lane, or returns why there is none.
func (m *Machine) admit(l Lane, full Overflow, size int) error {
	o := &m.outbox
	limit, cost := m.bound(l), size+itemCost
	if o.taken()+cost <= limit {
		return nil
	}
	if cost > limit {
		return &TooLargeError{Size: size, Limit: limit - itemCost}
	}
	m.sweep()
	m.tidy()
	if full == DropOldest {
		m.dropOldest(l, limit-cost)
	}
	if o.taken()+cost > limit {
		o.full, o.refused = true, int32(min(size, math.MaxInt32))
		return ErrQueueFull
	}
	return nil
}

// atMost tells whether l is not more important than than.
func (l Lane) atMost(than Lane) bool {
	rank := [lanes]int{High: 2, Normal: 1, Low: 0}
	return rank[l] <= rank[than]
}

// dropOldest gives messages up until at most limit bytes are left, from lanes that are not more
// important than l. Replies stay: somebody waits for them, and there are no more than calls.
func (m *Machine) dropOldest(l Lane, limit int) {
	o := &m.outbox
	for _, lane := range [...]Lane{Low, Normal, High} {
		r, passed := &o.lane[lane], 0
		for passed < r.len() && o.taken() > limit && lane.atMost(l) {
			if it := r.at(passed); it.has(itemReply) && !it.has(itemGone) {
				passed++
				continue
			}
			m.giveUp(r.at(passed), Overflowed, nil)
			r.remove(passed, &o.spare)
			o.gone--
		}
	}
}

// giveUp drops a message that has no number. Its place in the lane stays until it is passed.
func (m *Machine) giveUp(it *item, r Reason, err error) {
	if it.has(itemGone) {
		return
	}
	m.outcome(it, 0, Dropped, r, err)
	m.outbox.n--
	m.outbox.unsent -= it.cost()
	m.outbox.gone++
	m.release(it)
	m.settled(it.id)
	it.flags |= itemGone
	m.forfeit(it, r, err)
}

// forfeit queues a failure when the message that was given up is a reply: its caller waits. Not
// so when the session in which it was called is over, or has no number left.
func (m *Machine) forfeit(it *item, r Reason, err error) {
	if !it.has(itemReply) || r == Unsent || m.end != nil || !m.outbox.hasNumbers() {
		return
	}
	text := "reply dropped: " + r.String()
	if err != nil {
		text += ": " + err.Error()
	}
	m.fail(it.lane, it.call, words(text))
}

// release frees the payload of a message.
func (m *Machine) release(it *item) {
	o := &m.outbox
	c, cost := o.shelf.chunks[it.chunk], it.cost()
	if c.live == 1 && c.pins > 0 { // a write still holds it
		c.late, cost = it.size, 0
	}
	o.bytes -= cost
	o.drop(it.lane, c, 1)
	it.chunk, it.size = 0, 0
	if o.full {
		m.room()
	}
}

// drop settles n messages of chunk c.
func (o *outbox) drop(l Lane, c *chunk, n int) {
	if int(c.live) == n {
		o.shelf.remove(c)
	}
	o.filler[l].drop(c, n)
}

// room tells who found the queue full that there is room again.
func (m *Machine) room() {
	if o := &m.outbox; o.full && o.taken() <= m.bound(Normal)/4*3 {
		o.full = false
		m.emit(Event{Kind: EventRoom})
	}
}

// settled notes that a message has its outcome, and counts it for the flushes that wait for it.
func (m *Machine) settled(id uint64) {
	r := m.outbox.requests
	if r == nil {
		return
	}
	delete(r.cancelled, id)
	kept := r.flushes[:0]
	for _, f := range r.flushes {
		if id <= f.upTo {
			f.left--
		}
		switch {
		case f.left > 0:
			kept = append(kept, f)
		case f.away:
			m.mayGo = true
		default:
			m.emit(Event{Kind: EventFlushed, ID: f.id})
		}
	}
	r.flushes = kept
}

// reach returns the highest number that the peer can have received: it was written whole, and what the
// peer refused was written whole again before it. So a message stays as it is, and where it is, while
// its fragments are open.
func (o *outbox) reach(l *link) uint64 {
	if l.rewind != 0 {
		return min(l.rewind, o.next) - 1
	}
	return o.next - 1
}

// acked takes an acknowledgement. Of what is done, the peer's handler failed with dropped; 0: with
// none.
func (m *Machine) acked(l *link, done, received, dropped uint64) error {
	o := &m.outbox
	if reach := o.reach(l); done > received || received > reach {
		return &ProtocolError{Section: "6.6", Reason: fmt.Sprintf("ACK of %d done and %d received, when %d at most can be", done, received, reach)}
	}
	if dropped > done {
		return &ProtocolError{Section: "6.6", Reason: fmt.Sprintf("ACK of %d dropped, when %d were done", dropped, done)}
	}
	o.got = max(o.got, received)
	quick := dropped < o.first && o.requests.empty()
	for o.first <= done {
		if !quick || !o.passRun(done) {
			m.pass(dropped)
		}
	}
	m.room()
	m.tellDrained()
	return nil
}

// pass settles the first message of the flight.
func (m *Machine) pass(dropped uint64) {
	o := &m.outbox
	it := o.flight.at(0)
	o.weight -= int(it.weight)
	o.passed(it)
	if it.has(itemGone) {
		o.gaps--
	} else {
		if o.first == dropped {
			m.outcome(it, o.first, Dropped, Failed, nil)
		} else {
			m.outcome(it, o.first, Acked, 0, nil)
		}
		id := it.id
		m.release(it)
		m.settled(id)
	}
	o.flight.pop(1, &o.spare)
	o.first++
}

// gone turns a message with a number into a GAP. The writer has gone back over it on this connection, so
// no run settles it without a look.
func (m *Machine) gone(seq uint64, r Reason, err error) {
	o := &m.outbox
	it := o.flight.at(int(seq - o.first))
	if it.has(itemGone) {
		return
	}
	m.outcome(it, seq, Dropped, r, err)
	o.weight -= int(it.weight)
	it.weight = 0
	id := it.id
	m.release(it)
	m.settled(id)
	it.flags |= itemGone
	it.reason = uint8(r)
	o.gaps++
	m.forfeit(it, r, err)
}

// sweepGap is how often the lanes are searched for messages that have expired.
const sweepGap = instant(50e6)

// sweep gives up the messages without a number whose time to live has passed.
func (m *Machine) sweep() {
	o := &m.outbox
	if m.now < o.expires {
		return
	}
	o.expires = never
	o.swept = m.now
	for l := range o.lane {
		r := &o.lane[l]
		for i := range r.len() {
			switch it := r.at(i); {
			case it.has(itemGone):
			case it.expires <= m.now:
				m.giveUp(it, Expired, nil)
			default:
				o.expires = min(o.expires, it.expires)
			}
		}
	}
	m.tidy()
}

// encode appends msg, behind its metadata, to a chunk of its lane: in the version that is spoken,
// or in the newest when none is, or when that one would lose something.
func (m *Machine) encode(lane Lane, msg codec.Message, md Metadata) (c *chunk, off, size int, d *Dialect, err error) {
	f := &m.outbox.filler[lane]
	d = m.p.newest
	if m.state == Attached {
		d = m.link.write
	}
	c = f.room()
	begin := c.buf
	if len(md) > 0 {
		begin = md.append(begin)
	}
	all, err := appendTo(d.Codec, begin, msg)
	if err == nil && d != m.p.newest {
		var whole bool
		if whole, err = losesNothing(d.Codec, msg); err == nil && !whole {
			d = m.p.newest
			all, err = appendTo(d.Codec, begin, msg)
		}
	}
	if err == nil {
		err = d.fits(all[len(begin):])
	}
	if err != nil {
		f.leave(c)
		return nil, 0, 0, nil, err
	}
	c, off, size = f.take(c, all)
	m.stored(c)
	return c, off, size, d, nil
}
