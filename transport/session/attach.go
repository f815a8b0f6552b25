package session

import (
	"crypto/subtle"
	"errors"
	"time"

	"github.com/parleyproto/parley/negotiate"
)

const (
	client = negotiate.Client
	server = negotiate.Server
)

var errNotReady = errors.New("session: Attach needs an Opening in state OpeningReady")

// Attach makes the connection of o, which must be ready, carry the session. It takes the
// connection's unread bytes and unwritten output over, and returns its generation. An older
// connection is superseded: EventDetached says so.
//
// After an error the connection is not attached: write o.Output, then close it. Errors are a
// [*CloseError] about a server's refusal, and [ErrEnded]. After [ErrContradicts], when this session
// has ended, and after [ErrForeign] o is ready still: treat its session as one that is not known.
func (m *Machine) Attach(now time.Time, o *Opening) (gen uint64, err error) {
	m.enter(now)
	switch {
	case o.state != OpeningReady:
		return 0, errNotReady
	case m.open() != nil && m.p.role == client:
		return 0, ErrEnded
	case m.open() != nil:
		return 0, o.deny(m.ending())
	case m.p.role == client && m.gen >= lastNumber:
		m.close(CloseLimits, numbersUsed)
		return 0, ErrEnded
	case m.p.role == client:
		m.attachClient(o)
	default:
		if err := m.attachServer(o); err != nil {
			return 0, err
		}
	}
	return m.gen, nil
}

func (m *Machine) attachClient(o *Opening) {
	m.fence()
	m.gen++
	l := m.carry(o, m.gen)
	l.early = m.p.cfg.EarlyData && m.gen == 1
	l.beat.attachBy = m.now + m.p.cfg.HandshakeTimeout
	m.sendAttach(l)
	m.setState(Attaching)
}

// carry makes the connection of o that of the session.
func (m *Machine) carry(o *Opening, gen uint64) *link {
	l := o.take()
	l.gen = gen
	m.gen, m.link, m.agreement = gen, l, l.agreement
	m.startBeat(l)
	return l
}

func (m *Machine) sendAttach(l *link) {
	e := Envelope{Kind: KindAttach, Session: m.id, Generation: m.gen, Received: m.inbox.received, First: m.outbox.first}
	if m.known {
		e.Auth = [32]byte(l.agreement.Digest.AttachProof(m.secret, m.id, m.gen, e.Received))
	} else {
		e.Flags, e.Auth = FlagSecret, m.secret
	}
	l.wrote = m.outbox.sent > 0
	l.send(&e)
}

// attachServer checks an ATTACH, supersedes the older connection and answers, all in one.
func (m *Machine) attachServer(o *Opening) error {
	e := &o.attach
	known := m.gen > 0
	secret := e.Flags&FlagSecret != 0
	switch {
	case m.begun() && o.identity != m.Identity() && !secret:
		return ErrForeign
	case m.begun() && (o.identity != m.Identity() || e.Session != m.id || !m.authentic(o, e)), !m.begun() && !secret:
		return o.deny(&CloseError{Code: CloseDenied})
	case known && e.Generation <= m.gen:
		return o.deny(&CloseError{Code: CloseSuperseded})
	case !m.consistent(e) && !known:
		err := &ProtocolError{Section: "6.2", Reason: "ATTACH begins a session of which it has received or done something"}
		o.fail(err)
		return err
	case !m.consistent(e):
		m.close(CloseViolation, "the client does not remember the session as it was")
		return ErrContradicts
	}
	m.fence()
	if !m.begun() {
		m.begin(o)
	}
	if !known {
		m.epoch = e.Generation
	}
	l := m.carry(o, e.Generation)
	answer := Envelope{Kind: KindAttached, Generation: m.gen, Epoch: m.epoch, Received: m.inbox.received, First: m.outbox.first}
	if known {
		answer.Flags = FlagKnown
	}
	l.send(&answer)
	m.attached(l, e, known)
	return nil
}

// ending is what a client is told that comes to a session that has ended. Why, is for the one that
// was never attached: it was refused, and nobody else can know of it.
func (m *Machine) ending() *CloseError {
	if m.gen == 0 && m.end.Text != "" {
		return &CloseError{Code: m.end.Code, Text: m.end.Text}
	}
	return &CloseError{Code: m.end.Code, Text: "the session has ended"}
}

// authentic tells whether an ATTACH comes from who began the session.
func (m *Machine) authentic(o *Opening, e *Envelope) bool {
	if e.Flags&FlagSecret != 0 {
		return subtle.ConstantTimeCompare(e.Auth[:], m.secret[:]) == 1
	}
	proof := o.link.agreement.Digest.AttachProof(m.secret, m.id, e.Generation, e.Received)
	return proof.Equal(negotiate.Proof(e.Auth))
}

// consistent tells whether what the peer says in ATTACH or ATTACHED can be true.
func (m *Machine) consistent(e *Envelope) bool {
	return m.outbox.got <= e.Received && e.Received <= m.outbox.sent &&
		0 < e.First && e.First <= m.inbox.received+1
}

// attachedBy takes the server's answer to ATTACH.
func (m *Machine) attachedBy(l *link, e *Envelope) error {
	known := e.Flags&FlagKnown != 0
	// The server's state began after data was written with the first ATTACH: what that data
	// came to, a server knew that is no more.
	younger := known && !m.known && l.wrote && e.Epoch > 1
	switch {
	case m.p.role != client || m.state != Attaching || e.Generation != m.gen:
		return &ProtocolError{Section: "6.3", Reason: "ATTACHED that answers no ATTACH"}
	case !known && e.Received != 0:
		return &ProtocolError{Section: "6.3", Reason: "ATTACHED received something in a session that it does not know"}
	case known && (m.known && e.Epoch != m.epoch || !m.consistent(e) || younger && e.Received != 0):
		m.lose(nil)
		m.identify()
		return &ProtocolError{Section: "6.3", Reason: "the server does not remember the session as it was"}
	case !known && m.known:
		m.lose(nil)
		m.identify()
		m.sendAttach(l)
		return nil
	case !known && l.wrote, younger:
		m.lose(nil)
	}
	resumed := known && m.known // not one whose first ATTACHED got lost
	m.known, m.epoch = true, e.Epoch
	m.attached(l, e, resumed)
	return nil
}

// attached begins to send: first again what the peer has not received, by its ATTACH or ATTACHED.
func (m *Machine) attached(l *link, e *Envelope, resumed bool) {
	o, received := &m.outbox, e.Received
	m.inbox.confirm(e.First)
	early := l.early && (o.sent > 0 || l.frag.open)
	l.early = false
	l.beat.attachBy = never
	o.got = received
	l.lastIn = max(l.lastIn, m.inbox.received)
	l.lastOut = max(l.lastOut, received)
	m.awayBy = never
	m.setState(Attached)
	m.stats.attaches++
	m.emit(Event{Kind: EventAttached, Generation: m.gen, Version: l.up.Version(), Resumed: resumed})
	if !early {
		o.goBack(received + 1)
	}
	for seq := max(received+1, o.first); seq < o.first+uint64(o.flight.len()) && !early; seq++ {
		switch it := o.flight.at(int(seq - o.first)); {
		case it.expires <= m.now:
			m.gone(seq, Expired, nil)
		case o.isCancelled(it.id):
			m.gone(seq, Cancelled, nil)
		}
	}
	m.tidy()
	m.inbox.asked = m.inbox.done > 0 // the last acknowledgement may have been lost
	m.inbox.told, m.inbox.ackBy = 0, never
	m.ping(l)
}

// fence supersedes the present connection.
func (m *Machine) fence() {
	if l := m.link; l != nil {
		m.unlink(l)
		m.emit(Event{Kind: EventDetached, Generation: l.gen, Err: ErrStale})
	}
}

// unlink forgets a connection and what it left unfinished.
func (m *Machine) unlink(l *link) {
	m.step(l, negotiate.Lost{})
	m.stats.bytesIn += l.bytesIn
	m.stats.bytesOut += l.bytesOut
	m.stats.version = l.up.Version()
	m.releaseLate(l.batch.abandon())
	m.link = nil
	in := &m.inbox
	if a := in.assembly; a != nil && a.frag.size > 0 {
		in.assembly = nil // somebody may still read into it
	}
	in.dropParts()
	in.nack, in.ask, in.asked, in.ackBy = 0, 0, false, never
}
