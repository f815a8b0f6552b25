package session

import (
	"time"

	"github.com/parleyproto/parley/negotiate"
)

// Machine is one side of a reliable session, without I/O, clock or goroutine. Connections
// come and go by Attach and Detach; what was accepted by Send outlives them.
//
// Every input says what time it is and, where it concerns a connection, that connection's
// generation. Of an older generation it does nothing, so whoever still reads or writes an
// old connection cannot harm the session. A driver calls, for the connection gen:
//
//	n, err := conn.Read(m.Space(gen))       m.Wrote(now, gen, n)
//	for m.Next(&ev) { … }
//	bufs := m.Output(now, gen)              conn writes them      m.Written(now, gen)
//	m.Deadline()                            m.Tick(now)
//	m.Detach(now, gen, err)                 when reading or writing failed
//
// After any input, take events with Next until there is none, then look at Output.
//
// A Machine is not safe for concurrent use: a driver guards it with one mutex, which it does
// not hold while it reads and writes. What Space and Output return stays valid meanwhile.
type Machine struct {
	p      *Profile
	base   time.Time // the instant 0
	now    instant   // of the last input
	since  instant   // of the state
	id     [16]byte
	secret [32]byte
	gen    uint64 // of the last attached connection
	epoch  uint64 // the generation that began the server's state of this session

	identity  *string              // of the client, at a server; nil: none
	agreement *negotiate.Agreement // of the present connection, or the last one
	state     State
	known     bool // a client's session has been answered by ATTACHED
	draining  bool // GoAway was called: EventDrained is owed
	mayGo     bool // and all that was accepted before has an outcome: GOAWAY is due
	ended     bool // EventClosed is owed when all outcomes are told

	link   *link
	outbox outbox
	inbox  inbox
	events ring[Event]
	rtt    rtt

	away    *GoAwayError // GoAway was called
	awayBy  instant      // the end of the resume window
	closeBy instant      // the CLOSE is written by then, or never
	end     *CloseError
	stats   counters
}

// New returns a session without a connection. A client's has an id and a secret of its own; a
// server's gets them from the first Opening that is attached.
func (p *Profile) New(now time.Time) *Machine {
	m := &Machine{p: p, base: now, awayBy: never, closeBy: never}
	m.outbox.init()
	m.inbox.ackBy = never
	if p.role == client {
		m.identify()
	}
	m.armResume()
	return m
}

// identify draws a client's new identity.
func (m *Machine) identify() {
	m.p.random(m.id[:])
	m.p.random(m.secret[:])
	m.known, m.epoch = false, 0
}

// enter notes the time of an input. Time does not go back.
func (m *Machine) enter(now time.Time) {
	m.now = max(m.now, now.Sub(m.base))
}

// at returns the link of a generation, or nil if that is not the present one.
func (m *Machine) at(gen uint64) *link {
	if l := m.link; l != nil && l.gen == gen {
		return l
	}
	return nil
}

func (m *Machine) setState(s State) {
	if m.state == Ended {
		return
	}
	m.state, m.since = s, m.now
}

// State returns where the session stands.
func (m *Machine) State() State { return m.state }

// ID returns the session's id, which is the same on both sides. A client whose session was
// lost, or ended by the server and renewed, gets a new one.
func (m *Machine) ID() [16]byte { return m.id }

// Generation returns that of the last attached connection; 0 before the first.
func (m *Machine) Generation() uint64 { return m.gen }

// emit queues an event.
func (m *Machine) emit(e Event) { *m.events.push() = e }

// outcome tells what became of a message.
func (m *Machine) outcome(it *item, seq uint64, o Outcome, r Reason, err error) {
	if o == Acked && !it.has(itemNotify) {
		return
	}
	if o == Dropped && r != Failed && it.has(itemDup) {
		o = Unknown // it may have been handed over in the session before
	}
	e := Event{Kind: EventOutcome, Outcome: o, Reason: r, ID: it.id, Seq: seq, Err: err}
	if it.has(itemCall) {
		e.Call = it.call
	}
	m.emit(e)
}

// keptEvents is how many places for events are kept for the next ones.
const keptEvents = 64

// Next sets ev to what happened next. It returns false when there is nothing more until the next
// input. Frames are taken one at a time: none is looked at before the event of the one before it
// was returned.
func (m *Machine) Next(ev *Event) bool {
	*ev = Event{}
	for {
		if m.events.len() > 0 {
			*ev = *m.events.at(0)
			m.events.pop()
			if m.events.n == 0 && len(m.events.buf) > keptEvents {
				m.events.trim()
			}
			return true
		}
		if m.end != nil && !m.settleAll() {
			continue
		}
		if m.ended {
			m.ended = false
			*ev = Event{Kind: EventClosed, Err: m.end, Generation: m.gen}
			return true
		}
		l := m.link
		if l == nil || l.closing {
			return false
		}
		if l.err != nil {
			m.detach(l, l.err)
			continue
		}
		if a := m.inbox.assembly; a != nil && a.frag.size > 0 {
			if a.frag.got < a.frag.size {
				return false
			}
			l.framesIn++
			l.beat.frameBy = never
			if m.straightDone(l, a, ev) {
				return true
			}
			continue
		}
		b, err := l.dec.Next()
		if err != nil {
			if m.short(l, err) {
				return false
			}
			continue
		}
		l.framesIn++
		l.beat.frameBy = never
		if isData(b, l.read.Text) {
			if m.data(l, b, ev) {
				return true
			}
			continue
		}
		if err := m.control(l, b); err != nil {
			m.detach(l, err)
		}
	}
}
