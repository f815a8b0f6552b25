package session

import (
	"time"

	"github.com/parleyproto/parley/codec"
)

// State is where a session stands.
type State uint8

const (
	// Detached: no connection. Left by Attach, by Close and at the end of the resume window.
	Detached State = iota
	// Attaching: a client has sent ATTACH. Left when ATTACHED comes or the connection ends.
	Attaching
	// Attached: messages flow. Left when the connection ends and by a CLOSE of either side.
	Attached
	// Closing: the CLOSE is being written. Left when it is, or when the connection ends.
	Closing
	// Ended: for good.
	Ended
)

// String returns the state in a word.
func (s State) String() string {
	switch s {
	case Detached:
		return "detached"
	case Attaching:
		return "attaching"
	case Attached:
		return "attached"
	case Closing:
		return "closing"
	case Ended:
		return "ended"
	}
	return "invalid"
}

// Stats is a snapshot of a session.
type Stats struct {
	State      State
	Version    codec.Version // of the connection, or of the last one
	Generation uint64        // of the connection, or of the last one; 0: never attached
	Since      time.Time     // when the state began
	Begun      time.Time     // when the session began

	RTT, RTTVar  time.Duration // as in RFC 6298; 0: not measured yet
	Interval     time.Duration // of this side's pings
	LastReceived time.Time     // when the last byte came; zero without a connection
	LastSent     time.Time     // when the last byte was given to be written; likewise
	Silences     uint64        // connections given up because the peer was silent, or a PONG did not come

	BytesIn, BytesOut       uint64 // on the wire, over all connections
	MessagesIn, MessagesOut uint64 // received, and numbered
	Queued                  int    // messages without a number
	Unacked                 int    // messages with a number that are not acknowledged
	QueueBytes              int    // of both
	Held                    int    // memory, in bytes, as Config.Memory counts it
	Inbox                   int    // messages received that are not done
	Attaches, Upgrades      uint64
	Epoch                   uint64 // the generation by which the server began the session; more than 1 if the first connection never attached
	Lost                    uint64 // times that the server had lost or ended the session and a new one began
	Nacks, Nacked           uint64 // messages that this side, and the peer, could not decode
	Saved                   uint64 // bytes that compression kept off the wire
}

// counters are what Stats sums over all connections.
type counters struct {
	version                 codec.Version
	attaches                uint32
	bytesIn, bytesOut       uint64 // of earlier connections
	messagesIn, messagesOut uint64
	rare                    *rareCounters // nil: they are all 0
}

// rareCounters are those of what most sessions never see.
type rareCounters struct {
	saved          uint64
	nacks, nacked  uint32
	silences, lost uint32
	upgrades       uint32
}

// seldom returns the rare counters, to count something.
func (c *counters) seldom() *rareCounters {
	if c.rare == nil {
		c.rare = new(rareCounters)
	}
	return c.rare
}

// Stats returns a snapshot.
func (m *Machine) Stats() Stats {
	o, c := &m.outbox, &m.stats
	s := Stats{
		State: m.state, Version: c.version, Generation: m.gen,
		Since: m.base.Add(m.since), Begun: m.base,
		RTT: m.rtt.smoothed, RTTVar: m.rtt.variance,
		BytesIn: c.bytesIn, BytesOut: c.bytesOut, MessagesIn: c.messagesIn, MessagesOut: c.messagesOut,
		Queued: o.n, Unacked: o.flight.len(), QueueBytes: o.bytes, Inbox: m.inbox.pending.len(),
		Epoch: m.epoch, Attaches: uint64(c.attaches), Held: m.held(),
	}
	if r := c.rare; r != nil {
		s.Silences, s.Upgrades, s.Lost = uint64(r.silences), uint64(r.upgrades), uint64(r.lost)
		s.Nacks, s.Nacked, s.Saved = uint64(r.nacks), uint64(r.nacked), r.saved
	}
	if l := m.link; l != nil {
		s.Version = l.up.Version()
		s.BytesIn += l.bytesIn
		s.BytesOut += l.bytesOut
		s.Interval = l.beat.interval
		s.LastReceived = m.base.Add(l.beat.lastIn)
		s.LastSent = m.base.Add(l.beat.lastOut)
	}
	return s
}
