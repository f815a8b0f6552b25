package session

// LastNumber is the highest number of anything.
const LastNumber = lastNumber

// Numbers is where the counters of a machine stand: what it has sent and received, all of it
// acknowledged, and what it has given numbers to.
type Numbers struct {
	Sent, Received uint64
	IDs            uint64
	Base           uint64 // of the ids of Done: what was received in sessions that were lost
	Generation     uint64 // 0: as it is
}

// StartAt lets a machine that has sent and received nothing count from n on.
func (m *Machine) StartAt(n Numbers) {
	o, in := &m.outbox, &m.inbox
	o.first, o.next, o.sent, o.got = n.Sent+1, n.Sent+1, n.Sent, n.Sent
	o.lastID = n.IDs
	in.received, in.done, in.told = n.Received, n.Received, n.Received
	in.base = n.Base - n.Received
	if n.Generation > 0 {
		m.gen = n.Generation
	}
	if l := m.link; l != nil {
		l.gen = m.gen
		l.lastOut, l.lastIn = n.Sent, n.Received
	}
}
