package session

import (
	"errors"
	"time"

	"github.com/parleyproto/parley/frame"
	"github.com/parleyproto/parley/negotiate"
)

// Deadline returns when Tick must be called, zero for never. It changes with every input.
func (m *Machine) Deadline() time.Time {
	d := min(m.awayBy, m.closeBy)
	if m.outbox.n > 0 && m.outbox.expires != never {
		d = min(d, max(m.outbox.expires, m.outbox.swept+sweepGap))
	}
	if l := m.link; l != nil && !l.closing {
		b := &l.beat
		d = min(d, b.pingAt, b.frameBy, b.attachBy, m.silentAt(b), m.upgradeBy(l))
		if !l.writing {
			d = min(d, b.pongBy)
		}
		if !l.writing && m.state == Attached { // before that, nothing can be acknowledged
			d = min(d, m.ackBy(l))
		}
	}
	if d == never {
		return time.Time{}
	}
	return m.base.Add(d)
}

func (m *Machine) upgradeBy(l *link) instant {
	if d := l.up.Deadline(); !d.IsZero() {
		return d.Sub(m.base)
	}
	return never
}

// Tick says that time has passed.
func (m *Machine) Tick(now time.Time) {
	m.enter(now)
	m.sweep()
	m.tellDrained() // what has expired keeps nobody
	if m.now >= m.awayBy {
		m.close(CloseIdle, "away for longer than the resume window")
		return
	}
	l := m.link
	if l == nil {
		return
	}
	b := &l.beat
	switch {
	case m.now >= m.closeBy:
		m.detach(l, m.end)
	case l.closing:
	case m.now >= m.silentAt(b) || !l.writing && m.now >= b.pongBy:
		m.stats.seldom().silences++
		m.detach(l, ErrSilent)
	case m.now >= b.frameBy:
		m.detach(l, ErrSlowFrame)
	case m.now >= b.attachBy:
		m.detach(l, ErrHandshakeTimeout)
	case m.now >= m.upgradeBy(l):
		m.step(l, negotiate.Timer{})
	case m.now >= b.pingAt:
		m.ping(l)
	}
}

// Space returns where to read the bytes of the connection gen into, or nil if gen is not the
// present generation. It is valid until Wrote, or, when a newer connection is attached
// meanwhile, for as long as anybody reads into it.
//
//parley:borrows
func (m *Machine) Space(gen uint64) []byte {
	l := m.at(gen)
	if l == nil || l.closing {
		return nil
	}
	if room := m.roomInMessage(l); room != nil {
		return room
	}
	return l.dec.Space(1)
}

// Wrote says that n bytes were read into the last Space.
func (m *Machine) Wrote(now time.Time, gen uint64, n int) {
	m.enter(now)
	l := m.at(gen)
	if l == nil || l.closing || n <= 0 {
		return
	}
	if a := m.inbox.assembly; a != nil && a.frag.got < a.frag.size {
		l.dec.Write(a.came(n))
	} else {
		l.dec.Wrote(n)
	}
	l.bytesIn += uint64(n)
	l.beat.heard(m.now)
}

// short handles the error of a decoder. It returns true if it needs more bytes.
func (m *Machine) short(l *link, err error) bool {
	if !errors.Is(err, frame.ErrShort) {
		m.detach(l, err)
		return false
	}
	if b := &l.beat; len(l.dec.Buffered()) == 0 {
		b.frameBy = never
	} else if b.frameBy == never {
		b.frameBy = m.now + m.p.cfg.FrameTimeout
	}
	return true
}
