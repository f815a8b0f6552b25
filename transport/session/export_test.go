package session

import "fmt"

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

// Audit compares what the outbox counts with what is in it, until the session ends.
func (m *Machine) Audit() error {
	o := &m.outbox
	if m.end != nil {
		return nil
	}
	n, bytes, unsent, weight, held := 0, 0, 0, 0, map[*chunk]int{}
	count := func(it *item) {
		if !it.has(itemGone) {
			bytes += it.cost()
			held[o.shelf.chunks[it.chunk]]++
		}
	}
	for l := range o.lane {
		for i := range o.lane[l].len() {
			it := o.lane[l].at(i)
			if count(it); !it.has(itemGone) {
				n, unsent = n+1, unsent+it.cost()
			}
		}
	}
	for i := range o.flight.len() {
		count(o.flight.at(i))
		weight += int(o.flight.at(i).weight)
	}
	if n != o.n || bytes != o.bytes || unsent != o.unsent || weight != o.weight {
		return fmt.Errorf("%d messages without a number of %d bytes, %d bytes in all, %d in the window, counted as %d, %d, %d, %d",
			n, unsent, bytes, weight, o.n, o.unsent, o.bytes, o.weight)
	}
	if o.stock == nil {
		return nil
	}
	stored := 0
	for _, c := range o.shelf.chunks {
		if c != nil {
			stored += cap(c.buf)
			if held[c] != int(c.live) {
				return fmt.Errorf("a chunk of %d messages counts %d", held[c], c.live)
			}
			delete(held, c)
		}
	}
	if len(held) > 0 || stored != o.shelf.bytes {
		return fmt.Errorf("%d chunks are not on the shelf; %d bytes are, counted as %d", len(held), stored, o.shelf.bytes)
	}
	return o.auditRuns()
}

func (o *outbox) auditRuns() error {
	at := 0
	for i := range o.runs.len() {
		r := *o.runs.at(i)
		bytes, weight := 0, 0
		for k := range r.n {
			it := o.flight.at(at + k)
			bytes += it.cost()
			weight += int(it.weight)
			if r.chunk != nil && (o.shelf.chunks[it.chunk] != r.chunk || it.has(itemNotify|itemGone) || it.lane != r.lane) {
				return fmt.Errorf("message %d is in a run that is settled without it", o.first+uint64(at+k))
			}
		}
		if r.chunk != nil && (bytes != r.bytes || weight != r.weight) {
			return fmt.Errorf("a run of %d bytes and weight %d counts %d and %d", bytes, weight, r.bytes, r.weight)
		}
		at += r.n
	}
	if at != o.flight.len() {
		return fmt.Errorf("runs of %d messages in a flight of %d", at, o.flight.len())
	}
	return nil
}

// ReadsStraight tells whether what is read goes straight to its place in a message.
func (m *Machine) ReadsStraight() bool {
	a := m.inbox.assembly
	return a != nil && a.frag.got < a.frag.size
}

// What the machine keeps of messages, in bytes, and the most runs of them.
const (
	ItemSize = itemSize
	RunSize  = runSize
	MaxRuns  = maxRuns
)

// Runs returns how many runs the flight consists of.
func (m *Machine) Runs() int { return m.outbox.runs.len() }

// Held returns how many bytes the machine holds.
func (m *Machine) Held() int { return m.held() }
