package session

import "time"

// Backlog returns the bytes of all messages that are queued or not yet acknowledged, as the
// queue's bound counts them. It is cheap: a driver asks it for each message.
func (m *Machine) Backlog() int { return m.outbox.bytes }

// PeerInterval returns how long the peer may be silent by its own word: the interval of its
// PINGs. It is 0 without a connection.
func (m *Machine) PeerInterval() time.Duration {
	if l := m.link; l != nil {
		return l.beat.next
	}
	return 0
}
