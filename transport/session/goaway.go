package session

import (
	"strings"
	"time"
)

// GoAway tells the peer that this side will close, and where to go. It is told when all that
// was accepted before has an outcome: from then on the peer gives no new numbers, so a handler
// of the peer that waits for this side would wait in vain. Alternatives are addresses without
// commas, 1,000 bytes in all at most.
//
// From then on `done` is told only while nothing waits to be written: so a peer whose messages
// are all acknowledged has got all that their handlers sent, and may leave. EventDrained says
// that all messages of this side are acknowledged; who sends none any more loses nothing by a
// Close once the peer has left.
func (m *Machine) GoAway(now time.Time, retry time.Duration, alternatives []string) {
	m.enter(now)
	if m.away != nil || m.open() != nil {
		return
	}
	m.away = &GoAwayError{RetryAfter: retry, Alternatives: alternatives}
	m.draining = true
	if left := m.outbox.n + m.outbox.live(); left > 0 {
		m.outbox.watch(flush{upTo: m.outbox.lastID, left: left, away: true})
	} else {
		m.mayGo = true
	}
	m.tellDrained()
}

// farewell adds the GOAWAY to the batch when it is due, behind the data.
func (m *Machine) farewell(l *link) {
	if m.mayGo && !l.away && !l.closing && m.state == Attached && m.outbox.allWritten() {
		m.writeControl(l, goAwayFrame(m.away))
		l.away = true
	}
}

// goAwayFrame spells a GOAWAY. Alternatives that do not fit are left out.
func goAwayFrame(away *GoAwayError) *Envelope {
	alt := strings.Join(away.Alternatives, ",")
	if len(alt) > 1000 || !printable([]byte(alt)) {
		alt = ""
	}
	return &Envelope{Kind: KindGoAway, Retry: uint64(max(away.RetryAfter, 0) / time.Millisecond), Text: []byte(alt)}
}

// tells tells whether `done` may be told on l. To a peer that was sent away it would say that
// nothing more comes, so what handlers have sent goes first.
func (m *Machine) tells(l *link) bool { return !l.away || m.outbox.allWritten() }

// ackBy is when an acknowledgement is due at the latest.
func (m *Machine) ackBy(l *link) instant {
	if !m.tells(l) {
		return never // what is written next brings it
	}
	return m.inbox.ackBy
}

// goneAway takes a GOAWAY: no new numbers on this connection.
func (m *Machine) goneAway(l *link, e *Envelope) {
	l.goaway = true
	m.emit(Event{Kind: EventGoAway, Err: awayOf(e)})
	m.tellDrained()
}

// awayOf returns what a GOAWAY says.
func awayOf(e *Envelope) *GoAwayError {
	away := &GoAwayError{RetryAfter: time.Duration(min(e.Retry, uint64(maxInterval/time.Millisecond))) * time.Millisecond}
	if len(e.Text) > 0 {
		away.Alternatives = strings.Split(string(e.Text), ",")
	}
	return away
}

// tellDrained reports once that nothing keeps a session that is to go away.
func (m *Machine) tellDrained() {
	o := &m.outbox
	if o.flight.len() > 0 {
		return
	}
	m.endSpent()
	l := m.link
	if l != nil && l.goaway && !l.drained && !l.writing && m.inbox.finished() {
		l.drained = true
		m.emit(Event{Kind: EventDrained, Generation: l.gen})
	}
	if m.draining && o.n == 0 && (l == nil || l.away) {
		m.draining = false
		m.emit(Event{Kind: EventDrained, Generation: m.gen})
	}
}

// finished tells whether all that came is done, and the peer was told.
func (in *inbox) finished() bool {
	return in.told == in.received && !in.building && in.nack == 0 && !in.confesses()
}
