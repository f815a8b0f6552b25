package session

import "time"

// Probe makes the connection prove itself, because there is reason to doubt it: the device has
// changed its network, or has slept. It sends a PING at once; unless a byte comes within twice the
// retransmission timeout, at most [Config].PongTimeout, the connection is given up.
//
// A peer counts PINGs that come too soon. So a PING that is on its way serves as the probe, and
// when the last one was answered less than the peer's gap ago (10 s unless configured), with no
// message sent since, the next one goes when the gap is over. Without a connection that is
// attached it does nothing.
func (m *Machine) Probe(now time.Time) {
	m.enter(now)
	l := m.link
	if l == nil || l.closing || m.state != Attached {
		return
	}
	b := &l.beat
	b.probe = true
	free := b.pingSent + l.agreement.Peer.Heartbeat.Gap
	switch {
	case b.pongBy != never:
		b.probe, b.strict, b.pongTime = false, true, m.probeTime()
		b.pongBy = min(b.pongBy, m.now+b.pongTime)
	case m.now >= free || l.lastOut > b.pingOut: // a message clears the peer's count
		m.ping(l)
	default:
		b.pingAt = min(b.pingAt, free)
	}
}

// probeTime is how long a sign of life may take that Probe asked for.
func (m *Machine) probeTime() time.Duration {
	return min(2*m.rtt.timeout(), m.p.cfg.PongTimeout)
}

// Probe sends the protocol's ping at once; unless a byte comes within 5 seconds, or
// [PlainConfig].Silence if that is shorter, the connection is given up. Without a ping that the
// peer is expected to answer, and before the handshake is over, it does nothing.
func (p *Plain) Probe(now time.Time) {
	p.enter(now)
	if p.err != nil || !p.open || p.cfg.Ping == nil || p.cfg.Silence <= 0 || p.probeBy != never {
		return
	}
	p.ping()
	p.probeBy, p.unsent = p.now+p.probeTime(), true
}

func (p *Plain) probeTime() time.Duration { return min(5*time.Second, p.cfg.Silence) }
