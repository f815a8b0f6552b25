package session

import "fmt"

// inbox is what was received: how far, and how far it is done.
type inbox struct {
	base     uint64 // of the ids of Done: grows when a session is lost
	received uint64 // the highest seq without a gap
	done     uint64 // all up to it are done
	told     uint64 // the done that the peer was told
	pending  ring[arrival]
	weight   int // of the messages in pending, which is what their sender counts

	failures *failures // nil: no handler has failed

	callBase uint64 // of the numbers of calls as the application knows them, likewise
	lastCall uint64 // the highest of them

	owed  int     // weight done and not told
	ackBy instant // when what is owed is told at the latest
	ask   uint64  // the peer wants to know when this is done; 0: nothing
	asked bool    // and it is: tell at once

	building bool      // a message comes in fragments
	assembly *assembly // of it; kept for the next one
	nack     uint64    // DATA is discarded until this seq comes; 0: none is
}

// assembly is a message of which not all fragments have come.
type assembly struct {
	first header // of its first fragment
	parts []byte
	frag  straight
}

// arrival is a message between received and done. Others before it may be done later.
type arrival struct {
	seq     uint64
	weight  uint32
	done    bool
	dropped bool // done, but its handler failed
}

// data takes one DATA. It returns true with ev set if a message is complete.
func (m *Machine) data(l *link, b []byte, ev *Event) bool {
	var h header
	payload, err := h.parse(b, l.read.Text)
	if err != nil {
		m.detach(l, err)
		return false
	}
	return m.piece(l, &h, payload, ev)
}

// piece takes the header and the payload of one DATA.
func (m *Machine) piece(l *link, h *header, payload []byte, ev *Event) bool {
	var err error
	if m.state != Attached || !l.up.Admits(true) {
		err = &ProtocolError{Section: "5.6", Reason: "DATA where none may come"}
	} else if h.flags&FlagAck != 0 {
		err = m.acked(l, h.done, h.received, 0)
	}
	if err != nil {
		m.detach(l, err)
		return false
	}
	in := &m.inbox
	switch {
	case in.building && h.seq != in.received+1:
		m.detach(l, &ProtocolError{Section: "5.5", Reason: "DATA between the fragments of another message"})
		return false
	case h.seq == in.received+1 && (in.nack == 0 || h.flags&FlagCont == 0 || in.building):
		in.nack = 0
	case h.seq <= in.received || in.nack != 0:
		l.lastIn = max(l.lastIn, h.seq)
		return false // seen before, or discarded until the one that was refused comes again
	default:
		m.detach(l, &ProtocolError{Section: "6.5", Reason: fmt.Sprintf("DATA %d after %d", h.seq, in.received)})
		return false
	}
	if h.flags&contFlags&^FlagAck != 0 || in.building {
		payload, err = m.fragment(h, payload)
		if err != nil {
			m.detach(l, err)
			return false
		}
		if h.flags&FlagMore != 0 {
			return false
		}
		h = &in.assembly.first
	}
	l.lastIn = h.seq
	l.beat.pinged, l.beat.strikes = false, 0
	return m.message(l, h, payload, ev)
}

// fragment adds a fragment to its message, and returns that if it is complete.
func (m *Machine) fragment(h *header, payload []byte) (whole []byte, err error) {
	in := &m.inbox
	if in.building != (h.flags&FlagCont != 0) {
		return nil, &ProtocolError{Section: "5.5", Reason: "fragments out of order"}
	}
	if in.assembly == nil {
		in.assembly = new(assembly)
	}
	a := in.assembly
	if !in.building {
		in.building = true
		a.first = *h
		a.first.ext = append([]byte(nil), h.ext...)
	}
	if len(a.parts)+len(payload) > m.p.largest {
		return nil, &ProtocolError{Section: "1.2", Reason: fmt.Sprintf("a message of more than %d bytes", m.p.largest)}
	}
	a.add(payload, m.p.largest)
	if h.flags&FlagMore != 0 {
		return nil, nil
	}
	whole = a.parts
	in.dropParts()
	return whole, nil
}

// keptParts is how much memory is kept for the next message in fragments: for 4 MiB, and what is read
// beyond a fragment.
const keptParts = 4<<20 + MaxFragment

// dropParts forgets the fragments of a message.
func (in *inbox) dropParts() {
	in.building = false
	if a := in.assembly; a != nil {
		if a.parts = a.parts[:0]; cap(a.parts) > keptParts {
			a.parts = nil
		}
	}
}

// message decodes a complete message and hands it over.
func (m *Machine) message(l *link, h *header, payload []byte, ev *Event) bool {
	in := &m.inbox
	size := len(payload)
	weight := windowCost
	var x *extensions
	if h.flags&FlagExt != 0 {
		var err error
		if x, err = l.extensions(h); err != nil {
			m.detach(l, err)
			return false
		}
		weight += int(x.weight)
		if x.deflated {
			size = x.size
		}
	}
	weight += size
	if size > m.p.largest || in.weight > 0 && in.weight+weight > m.p.window {
		m.detach(l, &ProtocolError{Section: "6.7", Reason: fmt.Sprintf("message %d exceeds the window of %d bytes", h.seq, m.p.window)})
		return false
	}
	ev.Kind = EventMessage
	if h.flags&FlagReply != 0 {
		ev.Kind = EventReply
	}
	if x != nil && x.failed {
		ev.Err = &CallError{Text: x.text}
	} else {
		msg, err := l.decode(payload, x)
		if err != nil {
			m.refuse(l, h.seq, err)
			return false
		}
		ev.Message = msg
	}
	m.arrived(weight)
	m.stats.messagesIn++
	ev.Seq, ev.Call, ev.Size = h.seq, h.call, size
	ev.Dup = h.flags&FlagDup != 0
	ev.extensions = x
	ev.ID = in.base + h.seq
	if ev.Kind == EventReply {
		m.Done(ev.ID)
	} else if h.call != 0 {
		ev.Call = in.callBase + h.call
		in.lastCall = max(in.lastCall, ev.Call)
	}
	return true
}

// refuse answers a message that cannot be decoded. What follows it is discarded.
func (m *Machine) refuse(l *link, seq uint64, err error) {
	m.inbox.nack = seq
	m.stats.seldom().nacks++
	l.send(&Envelope{Kind: KindNack, Seq: seq, Text: words(err.Error())})
}

// arrived counts the next message as received.
func (m *Machine) arrived(weight int) {
	in := &m.inbox
	in.received++
	in.weight += weight
	a := in.pending.push()
	a.seq, a.weight = in.received, uint32(weight)
}

// Done says that the handler of the EventMessage with this ID has completed it, however it
// ended; that is what acknowledges it. An ID of a lost session, or one that is done, does
// nothing.
func (m *Machine) Done(id uint64) { m.DoneAll(id, id) }

// DoneAll is Done for the EventMessages whose IDs are first to last: none if first is larger.
func (m *Machine) DoneAll(first, last uint64) {
	if first > last {
		return
	}
	in := &m.inbox
	from, to := first-in.base, last-in.base
	if to-1 >= in.received { // of a lost session, and so a wrapped number, or 0
		return
	}
	if from > to || from <= in.done { // the first is likewise, or done
		from = in.done + 1
	}
	for ; from <= to; from++ {
		if a := in.find(from); a != nil {
			a.done = true
		}
	}
	m.sweepDone()
}

// Drop is Done for a message whose handler could not complete it. The sender learns that it was
// dropped, with the reason Failed.
func (m *Machine) Drop(id uint64) {
	if a := m.inbox.find(id - m.inbox.base); a != nil && !a.done {
		a.done, a.dropped = true, true
		m.sweepDone()
	}
}

// sweepDone takes the messages that are done from the front of pending.
func (m *Machine) sweepDone() {
	in := &m.inbox
	for in.pending.len() > 0 {
		first := in.pending.at(0)
		if !first.done {
			break
		}
		in.weight -= int(first.weight)
		in.owed += int(first.weight)
		if first.dropped {
			in.fail(first.seq, m.p.window)
		}
		in.pending.pop()
	}
	m.advance()
}

// find returns the message seq that is not done, or nil. Gaps have no place in pending.
func (in *inbox) find(seq uint64) *arrival {
	r := &in.pending
	if r.len() == 0 {
		return nil
	}
	i := seq - r.at(0).seq // wraps to a large number if it was done before
	if i < uint64(r.len()) && r.at(int(i)).seq == seq {
		return r.at(int(i))
	}
	lo, hi := 0, int(min(i, uint64(r.len())))
	for lo < hi {
		if mid := (lo + hi) / 2; r.at(mid).seq < seq {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < r.len() && r.at(lo).seq == seq {
		return r.at(lo)
	}
	return nil
}

// advance notes that all before the first in pending is done.
func (m *Machine) advance() {
	in := &m.inbox
	if in.done = in.received; in.pending.len() > 0 {
		in.done = in.pending.at(0).seq - 1
	}
	if in.done > in.told && in.ackBy == never {
		in.ackBy = m.now + m.p.cfg.AckDelay
	}
	if in.ask != 0 && in.done >= in.ask {
		in.ask, in.asked = 0, true
	}
}

// gap takes the place of a message that its sender gave up.
func (m *Machine) gap(l *link, e *Envelope) error {
	in := &m.inbox
	switch {
	case m.state != Attached || !l.up.Admits(true):
		return &ProtocolError{Section: "5.6", Reason: "GAP where none may come"}
	case in.building:
		return &ProtocolError{Section: "5.5", Reason: "GAP between fragments"}
	case e.Seq > lastNumber:
		return &ProtocolError{Section: "6.12", Reason: "GAP beyond 2^63-1"}
	case e.Seq == in.received+1:
		in.nack = 0
	case e.Seq <= in.received || in.nack != 0:
		l.lastIn = max(l.lastIn, e.Seq)
		return nil
	default:
		return &ProtocolError{Section: "6.5", Reason: fmt.Sprintf("GAP %d after %d", e.Seq, in.received)}
	}
	l.lastIn = e.Seq
	in.received++
	m.emit(Event{Kind: EventGap, Seq: e.Seq, Reason: Reason(e.Code)})
	m.advance()
	return nil
}

// maxOwed is how much may be done and not acknowledged, in weight: more would keep the sender's
// memory out of its processor's cache.
const maxOwed = 256 << 10

// acksNow tells whether an acknowledgement goes alone: enough is owed, it has waited long
// enough, the peer asked, or one of the two waits for it to leave.
func (m *Machine) acksNow(l *link) bool {
	in := &m.inbox
	return in.asked || in.done > in.told && (in.owed >= m.p.ackEvery || m.now >= in.ackBy || l.goaway || l.away)
}

// tell notes that the peer is being told.
func (in *inbox) tell() (done, received uint64) {
	in.told, in.owed, in.ackBy, in.asked = in.done, 0, never, false
	return in.done, in.received
}
