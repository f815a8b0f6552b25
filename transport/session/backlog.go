package session

import "time"

// Backlog returns the bytes of all messages that are queued or not yet acknowledged, as the
// queue's bound counts them. It is cheap: a driver asks it for each message.
func (m *Machine) Backlog() int { return m.outbox.bytes }

// Unsent returns how much of Backlog was never written.
func (m *Machine) Unsent() int { return m.outbox.unsent }

// PeerInterval returns how long the peer may be silent by its own word: the interval of its
// PINGs. It is 0 without a connection.
func (m *Machine) PeerInterval() time.Duration {
	if l := m.link; l != nil {
		return l.beat.next
	}
	return 0
}

// Idle gives memory back that a quiet session does not need: the read buffer, if nothing is in
// it, and what queues and writes have kept. Nobody may read into Space meanwhile.
func (m *Machine) Idle() {
	m.trim()
	if l := m.link; l != nil {
		l.dec.Release()
		if len(l.ctl) == 0 {
			l.ctl = nil
		}
		l.env = nil
		if !l.writing {
			l.batch.trim()
		}
	}
}
