package session

import (
	"fmt"
	"math"
	"sort"
)

// What a session may hold is bounded by its limits, each times what a byte of it costs at worst.
const (
	// MemoryBuffers is the part of [Config.Memory], in bytes, for what is read, written and
	// answered at the moment, and for memory that is kept to be filled next.
	MemoryBuffers = 768 << 10

	// A byte of Queue: a message has a place, which takes less than itemCost, and its payload lies in
	// memory of which at least half is in use. A third byte is for the message that is written in
	// another version than it is kept in. The places that no message has, and the runs, are in
	// MemoryBuffers.
	queueFactor = 3

	// A byte of Window: a message without payload weighs windowCost and takes arrivalCost.
	windowFactor = 4

	// A byte of MaxMessage: the message of which not all fragments have come. One that is there
	// and larger than the window comes on top.
	messageFactor = 1
)

// arrivalCost is what a received message costs besides its payload: 16 bytes in a ring that may be
// half empty, failureCost should its handler fail, a place of 48 in a driver's queue, and the rest
// for the decoded struct.
const (
	arrivalCost = windowFactor * windowCost
	failureCost = 16
	eventCost   = 96
)

// leastLimit is the least that is derived for a limit, unless its default is less.
const leastLimit = 16 << 10

// limits are those that bound a session's memory, in bytes. 0: not set.
type limits struct{ queue, window, message int64 }

// cost is the most that a session with these limits holds.
func (l limits) cost() int64 {
	return MemoryBuffers + queueFactor*l.queue + max(windowFactor*l.window, l.message) + messageFactor*l.message
}

// fill returns l with what is not set filled in: by the defaults or, if memory is less than all
// that costs, by smaller ones in the same proportion. A memory of 0 is enough for the defaults.
func (l limits) fill(memory int64, defaults limits) (limits, error) {
	const whole = 1 << 16
	at := func(share int64) limits {
		scale := func(set, def int64) int64 {
			if set > 0 {
				return min(set, math.MaxInt64>>8)
			}
			return max(def*share/whole, min(def, leastLimit))
		}
		return limits{scale(l.queue, defaults.queue), scale(l.window, defaults.window), scale(l.message, defaults.message)}
	}
	if memory == 0 {
		return at(whole), nil
	}
	tooMuch := sort.Search(whole+1, func(share int) bool { return at(int64(share)).cost() > memory })
	if tooMuch == 0 {
		return l, &MemoryError{Memory: int(memory), Need: int(min(at(0).cost(), math.MaxInt)),
			Queue: int(l.queue), Window: int(l.window), MaxMessage: int(l.message)}
	}
	return at(int64(tooMuch - 1)), nil
}

// MemoryError says that [Config.Memory] is less than what the other limits of a session take.
type MemoryError struct {
	Memory int // Config.Memory, in bytes
	Need   int // the least that is enough, in bytes

	// The limits as they are configured, in bytes; 0: not set, so that they take little.
	Queue, Window, MaxMessage int
}

func (e *MemoryError) Error() string {
	name := func(field string, size int) string {
		if size == 0 {
			return field + " (not set)"
		}
		return fmt.Sprintf("%s (%d)", field, size)
	}
	return fmt.Sprintf("session: Config.Memory is %d bytes, but at least %d are needed: %d for buffers, %d × %s, %s, and the larger of this and %d × %s; raise it, or lower the others",
		e.Memory, e.Need, MemoryBuffers, queueFactor, name("Queue", e.Queue), name("Offer.MaxMessage", e.MaxMessage),
		windowFactor, name("Offer.Window", e.Window))
}

// held returns how many bytes the session holds, as far as Config.Memory counts them. It is cheap.
func (m *Machine) held() int {
	o, in := &m.outbox, &m.inbox
	n := o.held() + in.weight + in.pending.len()*(arrivalCost-failureCost-windowCost)
	n += len(m.events.buf) * eventCost
	if in.assembly != nil {
		n += cap(in.assembly.parts)
	}
	if in.failures != nil {
		n += len(in.failures.seqs.buf) * 8
	}
	if m.link != nil {
		n += m.link.held()
	}
	return n
}

func (l *link) held() int {
	n := l.dec.Memory() + cap(l.ctl) + cap(l.env) + cap(l.scratch) + cap(l.batch.own)
	if l.frag.in == nil && cap(l.scratch) == 0 {
		n += len(l.frag.rest)
	}
	for _, r := range l.batch.refs {
		switch {
		case r.chunk == nil: // in scratch, or in what was scratch
			n += len(r.payload)
		case r.chunk.live == 0:
			n += cap(r.chunk.buf)
		}
	}
	return n
}
