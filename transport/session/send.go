package session

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/parleyproto/parley/codec"
)

// SendOptions say how a message travels. The zero value is a normal message that waits as
// long as it must.
type SendOptions struct {
	Lane     Lane
	TTL      time.Duration // given up if not written in time; 0: never. A resolution of 50 ms
	Notify   bool          // tell also when it was acknowledged
	Overflow Overflow      // when the queue is full; 0: as Config.Overflow says

	// Metadata goes with the message. A peer that has not agreed to [FeatureMetadata] cannot
	// get it: Send returns a [*FeatureError], or, where that turns out only later, the message
	// is dropped as Unencodable for that reason.
	Metadata Metadata

	// MetadataOptional lets the message go without its Metadata to such a peer.
	MetadataOptional bool

	// Uncompressed says that Config.Compress is not for this message.
	Uncompressed bool
}

// Send queues a message. It is encoded at once, so the caller may change it afterwards. The
// id is what EventOutcome will name; ids grow, from 1.
//
// Errors are [ErrQueueFull], [ErrEnded], [ErrExhausted], a [*TooLargeError], a [*MetadataError],
// a [*FeatureError], what the codec says, such as
// a *[codec.LossError] when the version that is spoken cannot carry the message, or the
// framing, a *[frame.Error] when a text has line ends. After an error nothing was queued.
func (m *Machine) Send(now time.Time, msg codec.Message, opt SendOptions) (id uint64, err error) {
	m.enter(now)
	it, err := m.queue(msg, &opt)
	if err != nil {
		return 0, err
	}
	return it.id, nil
}

// Call is Send for a message that wants a reply. The id names the call in EventReply, too.
func (m *Machine) Call(now time.Time, msg codec.Message, opt SendOptions) (id uint64, err error) {
	m.enter(now)
	it, err := m.queue(msg, &opt)
	if err != nil {
		return 0, err
	}
	it.flags |= itemCall
	it.call = it.id
	return it.id, nil
}

// Reply is Send for the reply to the call of an EventMessage. If it is given up, a failure goes in
// its place, as by Fail; so every call of a session that goes on is answered. After the session in
// which the call came it returns [ErrCallLost].
func (m *Machine) Reply(now time.Time, call uint64, msg codec.Message, opt SendOptions) (id uint64, err error) {
	m.enter(now)
	if call <= m.inbox.callBase {
		return 0, ErrCallLost
	}
	it, err := m.queue(msg, &opt)
	if err != nil {
		return 0, err
	}
	it.flags |= itemReply
	it.call = call - m.inbox.callBase
	return it.id, nil
}

// Fail replies to a call that its handler failed. The text becomes the peer's [*CallError]; it is
// cut at 200 bytes, and at what fits into the queue when that is empty.
func (m *Machine) Fail(now time.Time, call uint64, text string) (id uint64, err error) {
	m.enter(now)
	if err := m.accepts(); err != nil {
		return 0, err
	}
	if call <= m.inbox.callBase {
		return 0, ErrCallLost
	}
	b := words(text)
	b = b[:min(len(b), max(0, m.bound(Normal)-itemCost))]
	if err := m.admit(Normal, Block, len(b)); err != nil {
		return 0, err
	}
	return m.fail(Normal, call-m.inbox.callBase, b), nil
}

// fail queues a failure as the reply to a call, whether there is room or not.
func (m *Machine) fail(lane Lane, call uint64, text []byte) (id uint64) {
	f := &m.outbox.filler[lane]
	c := f.room()
	c, off, size := f.take(c, append(c.buf, text...))
	m.stored(c)
	it := m.push(lane, c, off, size)
	it.flags |= itemReply | itemFail
	it.call = call
	return it.id
}

// open returns why nothing may be sent, or nil.
func (m *Machine) open() error {
	if m.end != nil || m.state >= Closing {
		return ErrEnded
	}
	return nil
}

func (m *Machine) queue(msg codec.Message, opt *SendOptions) (*item, error) {
	if err := m.accepts(); err != nil {
		return nil, err
	}
	if opt.Lane >= lanes {
		return nil, errors.New("session: SendOptions.Lane is none of High, Normal, Low")
	}
	if opt.Overflow == 0 {
		opt.Overflow = m.p.cfg.Overflow
	}
	if m.outbox.full { // do not encode in vain
		if err := m.admit(opt.Lane, opt.Overflow, int(m.outbox.refused)); err != nil {
			return nil, err
		}
	}
	var md Metadata
	if len(opt.Metadata) > 0 {
		var err error
		if md, err = m.mayCarry(opt); err != nil {
			return nil, err
		}
	}
	c, off, size, d, err := m.encode(opt.Lane, msg, md)
	if err != nil {
		return nil, err
	}
	payload := size
	if len(md) > 0 {
		payload -= metadataSize(c.buf[off:])
	}
	err = m.admit(opt.Lane, opt.Overflow, size)
	if limit := m.peerLargest(); err == nil && payload > limit {
		err = &TooLargeError{Size: payload, Limit: limit}
	}
	if err != nil {
		m.unstore(opt.Lane, c)
		return nil, err
	}
	it := m.push(opt.Lane, c, off, size)
	it.version = d.Version
	if len(md) > 0 {
		it.flags |= itemMeta
		if opt.MetadataOptional {
			it.flags |= itemLoose
		}
	}
	if opt.Notify {
		it.flags |= itemNotify
	}
	if opt.Uncompressed {
		it.flags |= itemRaw
	}
	if opt.TTL > 0 {
		it.expires = m.now + opt.TTL
		m.outbox.expires = min(m.outbox.expires, it.expires)
	}
	return it, nil
}

// push puts a payload in a chunk at the end of a lane.
func (m *Machine) push(lane Lane, c *chunk, off, size int) *item {
	o := &m.outbox
	o.lastID++
	o.n++
	it := o.lane[lane].push(&o.spare)
	// One by one: a literal is made elsewhere, and copying what was just stored in smaller pieces
	// has to wait for them.
	it.chunk, it.off, it.size, it.weight = c.place, uint32(off), uint32(size), 0
	it.id, it.call, it.expires = o.lastID, 0, never
	it.version, it.flags, it.lane, it.reason = 0, 0, lane, 0
	o.bytes += it.cost()
	o.unsent += it.cost()
	return it
}

// largestPayload is what an item can hold, also where an int has 32 bits.
const largestPayload = math.MaxUint32 & math.MaxInt

// peerLargest is the largest message that the peer accepts, as far as is known.
func (m *Machine) peerLargest() int {
	if m.link == nil {
		return largestPayload
	}
	return int(min(m.link.agreement.Peer.MaxMessage, largestPayload))
}

// Cancel gives up a message that has no outcome yet, with dropped(cancelled). It returns false
// when the message has a number and may have arrived: it is given up then if the next attachment
// shows that it has not.
func (m *Machine) Cancel(now time.Time, id uint64) bool {
	m.enter(now)
	o := &m.outbox
	if it := o.find(id); it != nil {
		m.giveUp(it, Cancelled, nil)
		m.tidy()
		m.tellDrained()
		return true
	}
	o.cancelLater(id)
	return false
}

// Flush asks for EventFlushed when all that was accepted so far has an outcome. It returns
// the event's ID. The peer is asked to acknowledge at once.
func (m *Machine) Flush(now time.Time) (id uint64) {
	m.enter(now)
	o := &m.outbox
	o.lastID++
	f := flush{id: o.lastID, upTo: o.lastID - 1, left: o.n + o.live()}
	if f.left == 0 {
		m.emit(Event{Kind: EventFlushed, ID: f.id})
		return f.id
	}
	o.watch(f)
	return f.id
}

// live counts the messages in the flight that have no outcome.
func (o *outbox) live() int {
	n := 0
	for i := range o.flight.len() {
		if !o.flight.at(i).has(itemGone) {
			n++
		}
	}
	return n
}

// Unflush forgets a Flush whose caller does not wait any more.
func (m *Machine) Unflush(id uint64) {
	if r := m.outbox.requests; r != nil {
		r.flushes = slices.DeleteFunc(r.flushes, func(f flush) bool { return f.id == id })
	}
}
