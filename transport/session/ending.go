package session

import (
	"time"
)

// closeTime is how long a CLOSE may wait for a blocked writer.
const closeTime = 5 * time.Second

// Detach says that the connection gen is gone: reading or writing failed with err. Take the
// events of what was read before it. EventDetached follows.
func (m *Machine) Detach(now time.Time, gen uint64, err error) {
	m.enter(now)
	if l := m.at(gen); l != nil {
		m.detach(l, err)
	}
}

// detach gives up the connection. The session goes on without one, unless it has ended.
func (m *Machine) detach(l *link, err error) {
	if m.link != l {
		return
	}
	m.unlink(l)
	m.emit(Event{Kind: EventDetached, Generation: l.gen, Err: err})
	if m.end != nil {
		m.finish()
		return
	}
	m.setState(Detached)
	m.armResume()
}

// armResume begins the time that the session waits for a connection.
func (m *Machine) armResume() {
	if w := m.p.cfg.ResumeWindow; w > 0 {
		m.awayBy = m.now + w
	}
}

// Close ends the session. What is not acknowledged has an unknown outcome, what was not
// written is dropped; Flush before, to lose nothing. The peer is told if there is a
// connection, and what of its messages is done. EventClosed is the last event.
func (m *Machine) Close(now time.Time, code CloseCode, text string) {
	m.enter(now)
	m.close(code, text)
}

func (m *Machine) close(code CloseCode, text string) {
	if m.open() != nil {
		return
	}
	m.end = &CloseError{Code: code, Text: text}
	l := m.link
	if l == nil {
		m.finish()
		return
	}
	m.lastWords(l)
	l.send(&Envelope{Kind: KindClose, Code: uint64(code), Text: words(text)})
	l.closing = true
	m.closeBy = m.now + closeTime
	m.setState(Closing)
}

// lastWords tells the peer, before the CLOSE, what it would have been told a little later: where to
// go, and what is done.
func (m *Machine) lastWords(l *link) {
	if m.state != Attached {
		return
	}
	if m.away != nil && !l.away {
		l.send(goAwayFrame(m.away))
	}
	in := &m.inbox
	for in.confesses() {
		if len(l.ctl) > maxControl/2 {
			return
		}
		l.send(in.confession())
	}
	if in.done > in.told {
		e := Envelope{Kind: KindAck}
		e.Done, e.Received = in.tell()
		l.send(&e)
	}
}

// finish ends the session; Next tells all outcomes, and then EventClosed.
func (m *Machine) finish() {
	m.awayBy, m.closeBy = never, never
	m.setState(Ended)
	m.ended = true
}

// settleAll gives one message of an ended session its outcome. It returns true when there is
// none left.
func (m *Machine) settleAll() bool {
	o := &m.outbox
	if o.flight.len() > 0 {
		m.unknown(o.first, o.flight.at(0))
		o.flight.pop(1, &o.spare)
		o.first++
		o.lookAtEach()
		return false
	}
	for l := range o.lane {
		if r := &o.lane[l]; r.len() > 0 {
			m.giveUp(r.at(0), Unsent, nil)
			r.pop(1, &o.spare)
			o.gone--
			return false
		}
	}
	return true
}

// unknown settles a message of the flight whose session has ended.
func (m *Machine) unknown(seq uint64, it *item) {
	if it.has(itemGone) {
		return
	}
	m.outcome(it, seq, Unknown, 0, nil)
	id := it.id
	m.release(it)
	m.settled(id)
}

// resend puts the messages of the flight in front of their lanes again, as far as they may be
// delivered twice.
func (o *outbox) resend() {
	if o.flight.len() == 0 {
		return
	}
	var n [lanes]int
	for l := range o.lane {
		n[l] = o.lane[l].len()
	}
	for i := range o.flight.len() {
		it := o.flight.at(i)
		if it.flags&(itemGone|itemCall|itemReply) == 0 && !o.isCancelled(it.id) {
			it.flags |= itemDup
			it.weight = 0
			*o.lane[it.lane].push(&o.spare) = *it
			o.n++
			o.unsent += it.cost()
			it.flags, it.chunk = itemGone, 0
		}
	}
	for l := range o.lane {
		o.lane[l].turn(n[l], &o.spare)
	}
}

// lose begins anew after the server has lost the session, or has ended it with why: numbers start
// at 1. Messages without a number go along.
func (m *Machine) lose(why error) {
	o := &m.outbox
	m.emit(Event{Kind: EventLost, Generation: m.gen, Err: why})
	m.stats.seldom().lost++
	for l := range o.lane { // replies to calls of the lost session
		for i := range o.lane[l].len() {
			if it := o.lane[l].at(i); it.has(itemReply) {
				m.giveUp(it, Unsent, nil)
			}
		}
	}
	if m.p.cfg.OnUnknown == Resend {
		o.resend()
	}
	for ; o.flight.len() > 0; o.first++ {
		m.unknown(o.first, o.flight.at(0))
		o.flight.pop(1, &o.spare)
	}
	o.lookAtEach()
	o.first, o.next, o.sent, o.got, o.weight, o.spent, o.gaps = 1, 1, 0, 0, 0, false, 0
	m.tidy()
	if l := m.link; l != nil {
		l.lastIn, l.lastOut, l.rewind = 0, 0, 0
	}
	in := &m.inbox
	in.base += in.received
	in.received, in.done, in.told, in.weight, in.owed = 0, 0, 0, 0, 0
	in.pending = ring[arrival]{}
	in.failures = nil
	in.callBase = in.lastCall
	m.room() // gaps of the old numbers may have kept senders waiting
}
