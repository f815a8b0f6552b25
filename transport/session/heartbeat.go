package session

import (
	"time"
)

// beat is one connection's signs of life (docs/protocol.md, section 8).
type beat struct {
	lastIn   instant       // when the last byte came
	lastOut  instant       // when the last byte was given to the driver
	next     time.Duration // the peer's longest silence, as it said
	interval time.Duration // of this side's PINGs
	pingAt   instant       // when to send the next
	pingID   uint64
	pingSent instant       // when the last was queued
	pongBy   instant       // when the connection is given up unless a byte has come; never: no PONG is owed
	pongTime time.Duration // that the last PING gave it
	waiting  bool          // for the PONG of pingID
	unsent   bool          // the last PING is not written
	strict   bool          // its PONG's time is not extended by what is written after it
	probe    bool          // the next PING is that of a Probe
	pinged   bool          // the peer has sent a PING, and no DATA since
	strikes  uint8         // PINGs of the peer that came too soon; the connection ends after maxStrikes
	pingOut  uint64        // link.lastOut when the last PING was queued
	frameBy  instant       // when the frame that has begun must be complete
	attachBy instant       // when a client must be attached

	lastPing instant // of the peer
}

const (
	maxInterval = time.Hour
	maxStrikes  = 2 // as gRPC's servers
)

// startBeat begins to watch a connection.
func (m *Machine) startBeat(l *link) {
	b := &l.beat
	b.lastIn, b.lastOut, b.next = m.now, m.now, l.agreement.Peer.Heartbeat.Interval
	b.pongBy, b.frameBy, b.attachBy, b.pingAt = never, never, never, never
	b.interval = max(m.p.hello.Offer.Heartbeat.Interval, l.agreement.Peer.Heartbeat.Gap)
}

// ping queues a PING, which says when the next one comes.
func (m *Machine) ping(l *link) {
	b := &l.beat
	b.pongTime, b.strict = m.pongTime(), b.probe
	if b.probe {
		b.probe, b.pongTime = false, m.probeTime()
	} else if f := m.p.cfg.Interval; f != nil {
		b.interval = f(m.Stats())
	}
	b.interval = min(max(b.interval.Truncate(time.Millisecond), l.agreement.Peer.Heartbeat.Gap, time.Millisecond), maxInterval)
	b.pingAt = m.now + b.interval
	b.pingID++
	b.pingSent, b.waiting = m.now, true
	b.pingOut, b.unsent = l.lastOut, true
	b.pongBy = m.now + b.pongTime
	l.send(&Envelope{Kind: KindPing, ID: b.pingID, Next: uint64(b.interval / time.Millisecond)})
	m.trim()
}

// pongTime is how long a PONG, or any other sign of life, may take.
func (m *Machine) pongTime() time.Duration {
	return min(4*m.rtt.timeout(), m.p.cfg.PongTimeout)
}

// heard notes that bytes came.
func (b *beat) heard(now instant) {
	b.lastIn = now
	b.pongBy = never
}

// unblocked gives a PONG that is owed its time anew: the PING may have waited for the writer. A
// strict one gets it only when the PING was not written before, or when the time passed while
// the writer was blocked. more tells whether control frames are left to be written.
func (b *beat) unblocked(now instant, more bool) {
	if b.pongBy == never || b.strict && !b.unsent && now <= b.pongBy {
		return
	}
	b.pongBy, b.unsent = now+b.pongTime, more
}

// pong takes a PONG. Only that of the last PING measures the round trip.
func (m *Machine) pong(l *link, id uint64) {
	if b := &l.beat; b.waiting && id == b.pingID {
		b.waiting = false
		m.rtt.sample(m.now - b.pingSent)
	}
}

// pinged answers a PING, and polices it.
func (m *Machine) pinged(l *link, e *Envelope) {
	b := &l.beat
	soon := m.p.hello.Offer.Heartbeat.Gap / 2
	if b.pinged && m.now-b.lastPing < soon {
		b.strikes++
	}
	b.pinged, b.lastPing = true, m.now
	if b.strikes > maxStrikes {
		m.close(ClosePings, "")
		return
	}
	b.next = min(time.Duration(min(e.Next, uint64(maxInterval/time.Millisecond)))*time.Millisecond, maxInterval)
	l.send(&Envelope{Kind: KindPong, ID: e.ID})
}

// silentAt is when the peer has been silent for too long.
func (m *Machine) silentAt(b *beat) instant {
	return b.lastIn + b.next + b.next/2 + m.rtt.timeout()
}

// trim gives memory back that has not been needed lately.
func (m *Machine) trim() {
	o := &m.outbox
	if o.n == 0 && o.gone == 0 && o.flight.len() == 0 {
		for l := range o.filler {
			o.filler[l].trim()
		}
		o.trim()
		if o.requests.empty() {
			o.requests = nil
		}
	}
	m.events.trim()
	if l := m.link; l != nil && !l.frag.open {
		l.scratch = nil
	}
	m.inbox.pending.trim()
	if a := m.inbox.assembly; a != nil && !m.inbox.building && a.frag.size == 0 {
		m.inbox.assembly = nil
	}
}
