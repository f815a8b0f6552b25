package session

import (
	"math"
	"time"

	"github.com/parleyproto/parley/codec"
)

// instant is a time, counted from the machine's beginning.
type instant = time.Duration

const never instant = math.MaxInt64

// itemCost is what a message costs besides its payload: in the queue's bound, and, on the
// wire, in the window (docs/protocol.md, 6.7).
const (
	itemCost   = 64
	windowCost = 32
)

// itemSize is what an item fills, in bytes.
const itemSize = 48

type itemFlags uint16

const (
	itemNotify itemFlags = 1 << iota // its sender wants to know that it was acknowledged
	itemCall
	itemReply
	itemFail // a reply that says that the handler failed; the payload is the text
	itemDup
	itemGone  // without payload and already settled: skipped in a lane, a GAP in the flight
	itemMeta  // its metadata stands before its payload, as an extension
	itemLoose // it may go without its metadata
	itemRaw   // it is not to be compressed
)

// item is a message on its way: in a lane until it has a number, then in the flight, where
// its place tells its number. There are many: it fills itemSize, and has no pointer.
type item struct {
	chunk   uint32 // by its place on the shelf; 0 when gone
	off     uint32 // of the metadata, if there is some, and the payload in the chunk's memory
	size    uint32 // of both
	weight  uint32 // in the peer's window, since it was written
	version codec.Version
	flags   itemFlags
	lane    Lane
	reason  uint8 // a Reason, when gone
	id      uint64
	call    uint64  // the id of the call that it is, or that it replies to
	expires instant // or never
}

func (it *item) has(f itemFlags) bool { return it.flags&f != 0 }

// payload returns a message's payload, behind its metadata.
func (s *shelf) payload(it *item) []byte {
	b := s.whole(it)
	if it.has(itemMeta) {
		b = b[metadataSize(b):]
	}
	return b
}

// whole returns the metadata, if there is some, and the payload.
func (s *shelf) whole(it *item) []byte {
	end := it.off + it.size
	return s.chunks[it.chunk].buf[it.off:end:end]
}

// cost is its part of the queue's bound.
func (it *item) cost() int { return int(it.size) + itemCost }
