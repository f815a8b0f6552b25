package session

import (
	"bytes"
	"net"
	"time"

	"github.com/parleyproto/parley/negotiate"
)

// Output returns the bytes to write next on the connection gen, or nil: there are none, the
// last ones were not told as Written, or gen is not the present generation. They are valid
// until Written, also when a newer connection is attached meanwhile; the net.Buffers may be
// consumed. A batch is about 64 KiB, and 128 KiB at most; on a connection that takes that much in
// less than a millisecond, up to about 1 MiB.
func (m *Machine) Output(now time.Time, gen uint64) net.Buffers {
	m.enter(now)
	l := m.at(gen)
	if l == nil || l.writing {
		return nil
	}
	b := &l.batch
	b.begin(m.outbox.bytes)
	m.answers(l)
	if m.sends(l) {
		m.gather(l)
	}
	m.farewell(l)
	m.acknowledge(l)
	if l.err != nil {
		m.detach(l, l.err)
		return nil
	}
	if len(b.own) == 0 && len(b.refs) == 0 {
		b.reset()
		return nil
	}
	l.writing = true
	b.since = m.now
	l.bytesOut += uint64(len(b.own) + b.size)
	l.beat.lastOut = m.now
	return b.buffers()
}

// Written says that the last Output was written whole.
func (m *Machine) Written(now time.Time, gen uint64) {
	m.enter(now)
	l := m.at(gen)
	if l == nil || !l.writing {
		return
	}
	l.writing = false
	l.batch.timed(m.now-l.batch.since, m.p.cfg.Queue)
	m.releaseLate(l.batch.reset())
	l.beat.unblocked(m.now, len(l.ctl) > 0)
	if l.closing && len(l.ctl) == 0 {
		m.detach(l, m.end)
	}
	m.tellDrained()
}

// answers moves control frames into the batch. Where the writer may be switched, CUT and
// PROBE are the last of them, adjacent.
func (m *Machine) answers(l *link) {
	if m.state == Attached && l.up.WantsCut() && !l.frag.open {
		m.step(l, negotiate.Ready{Last: l.lastOut, Frames: l.framesOut})
	}
	l.batch.own = append(l.batch.own, l.ctl...)
	l.ctl = l.ctl[:0]
	if cap(l.ctl) > keptBatch {
		l.ctl = nil
	}
}

// acknowledge adds an ACK of its own if one is still due: no data has carried it.
func (m *Machine) acknowledge(l *link) {
	ask := m.outbox.asks() && m.outbox.allWritten()
	if m.state != Attached || l.closing || !m.tells(l) || !ask && !m.acksNow(l) {
		return
	}
	if !m.confess(l) {
		return
	}
	e := Envelope{Kind: KindAck}
	if ask {
		e.Flags, m.outbox.requests.ask = FlagAsk, false
	}
	e.Done, e.Received = m.inbox.tell()
	m.writeControl(l, &e)
}

// writeControl puts a control frame into the batch, behind the data in it.
func (m *Machine) writeControl(l *link, e *Envelope) {
	l.env = e.Append(l.env[:0], l.write.Text)
	l.batch.own = l.frame(l.batch.own, l.env)
}

// sends tells whether data may be written on l.
func (m *Machine) sends(l *link) bool {
	if l.closing || !l.up.SendsData() {
		return false
	}
	return m.state == Attached || m.state == Attaching && l.early
}

// gather fills the batch with data: what is to be sent again first, then new messages.
func (m *Machine) gather(l *link) {
	o := &m.outbox
	for more := true; more && !l.batch.full() && l.err == nil; {
		switch {
		case l.frag.open:
			m.writeFragment(l)
		case l.rewind != 0:
			o.goBack(l.rewind)
			l.rewind = 0
		case o.next < o.first+uint64(o.flight.len()):
			more = m.again(l)
		default:
			more = m.number(l)
		}
	}
}

// number takes messages from the lanes, gives them numbers and writes them, until the batch is
// full or a message needs several frames. It returns false if there is none, or the peer's window
// is full.
func (m *Machine) number(l *link) bool {
	o := &m.outbox
	if l.goaway {
		return false
	}
	m.sweep()
	limit := m.peerLargest()
	for !l.batch.full() && !l.frag.open && l.err == nil {
		lane, ok := o.head()
		if !ok {
			return false
		}
		r := &o.lane[lane]
		it := r.at(0)
		payload, err := m.load(l, it)
		if err != nil {
			m.giveUp(it, Unencodable, err)
			continue
		}
		if len(payload) > limit {
			m.giveUp(it, TooLarge, &TooLargeError{Size: len(payload), Limit: limit})
			continue
		}
		if !o.fits(l, m.weigh(l, it, payload)) {
			return false
		}
		o.took(lane)
		o.n--
		o.unsent -= it.cost()
		in := o.flight.push(&o.spare)
		*in = *it
		r.pop(1, &o.spare)
		m.stats.messagesOut++
		c := o.shelf.chunks[in.chunk]
		m.writeItem(l, in, c, payload)
		o.follow(in, c, run{n: 1, bytes: in.cost(), weight: int(in.weight)})
		if o.n > 0 {
			m.rush(l, limit)
		}
	}
	return true
}

// again writes the message next once more, or the GAP in its place. It returns false if the
// peer's window is full.
func (m *Machine) again(l *link) bool {
	o := &m.outbox
	it := o.flight.at(int(o.next - o.first))
	if !it.has(itemGone) {
		payload, err := m.load(l, it)
		if err == nil {
			if !o.fits(l, m.weigh(l, it, payload)) {
				return false
			}
			m.writeItem(l, it, o.shelf.chunks[it.chunk], payload)
			return true
		}
		m.gone(o.next, Unencodable, err)
	}
	m.writeControl(l, &Envelope{Kind: KindGap, Seq: o.next, Code: uint64(it.reason)})
	m.wrote(l, o.next)
	return true
}

// allWritten tells whether every message has been written on this connection.
func (o *outbox) allWritten() bool { return o.n == 0 && o.next == o.first+uint64(o.flight.len()) }

// fits tells whether the peer's window has room for a message, or nothing else is in it.
func (o *outbox) fits(l *link, weight int) bool {
	return o.weight == 0 || uint64(o.weight+weight) <= l.agreement.Peer.Window
}

// goBack makes seq the next number to write.
func (o *outbox) goBack(seq uint64) {
	o.next = max(seq, o.first)
	o.weight = 0
	o.lookAtEach()
	for i := range o.flight.len() {
		it := o.flight.at(i)
		if o.first+uint64(i) >= o.next {
			it.weight = 0
		}
		o.weight += int(it.weight)
	}
}

// load returns a message's payload in the version that is written.
func (m *Machine) load(l *link, it *item) ([]byte, error) {
	switch {
	case it.has(itemFail):
		return nil, nil
	case it.has(itemMeta) && !l.carries(it):
		return nil, &FeatureError{Feature: FeatureMetadata}
	case it.version == l.write.Version:
		return m.outbox.shelf.payload(it), nil
	}
	if cap(l.scratch) >= byRef {
		l.scratch = nil // a write may still refer to it
	}
	msg, err := decode(m.p.dialect(it.version).Codec, m.outbox.shelf.payload(it))
	if err == nil {
		l.scratch, err = appendTo(l.write.Codec, l.scratch[:0], msg)
	}
	if err == nil {
		err = l.write.fits(l.scratch)
	}
	if limit := m.p.cfg.Queue; err == nil && cap(l.scratch) > limit {
		if len(l.scratch) > limit {
			return nil, &TooLargeError{Size: len(l.scratch), Limit: limit}
		}
		l.scratch = bytes.Clone(l.scratch)
	}
	return l.scratch, err
}

// writeItem writes the message with the number next, whole or its first fragment. It is in chunk in.
func (m *Machine) writeItem(l *link, it *item, in *chunk, payload []byte) {
	o := &m.outbox
	it.weight = uint32(m.weigh(l, it, payload))
	o.weight += int(it.weight)
	h := header{seq: o.next, call: it.call}
	if it.flags&^itemNotify != 0 {
		h.flags, h.ext = m.header(l, it)
	}
	refer := in.large
	if it.version != l.write.Version {
		in, refer = nil, true // transcoded
	}
	if l.deflates(it, payload) && m.writeDeflated(l, &h, payload) {
		return
	}
	if room := h.room(l.write.Text); len(payload) > room {
		l.frag = fragment{open: true, seq: o.next, rest: payload, in: in}
		h.flags |= FlagMore
		m.writeData(l, &h, l.frag.cut(room, l.write.Text), in, refer)
		return
	}
	m.writeData(l, &h, payload, in, refer)
	m.wrote(l, o.next)
}

// header returns what a DATA says about the message besides its number.
func (m *Machine) header(l *link, it *item) (flags Flags, ext []byte) {
	switch {
	case it.has(itemCall):
		flags = FlagCall
	case it.has(itemReply):
		flags = FlagReply
	}
	if it.has(itemDup) {
		flags |= FlagDup
	}
	if it.has(itemFail) {
		flags |= FlagExt
		ext = failure(m.outbox.shelf.payload(it))
	}
	if it.has(itemMeta) && l.metadata {
		flags |= FlagExt
		ext = m.outbox.shelf.metadata(it)
	}
	return flags, ext
}

// wrote notes that a message or a GAP was written whole.
func (m *Machine) wrote(l *link, seq uint64) {
	o := &m.outbox
	o.next = seq + 1
	o.sent = max(o.sent, seq)
	l.lastOut = max(l.lastOut, seq)
}
