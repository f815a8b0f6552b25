package session

import (
	"net"
	"sync"
)

const (
	// maxBatch is where a batch ends. A PING waits for one batch at most, and for one fragment.
	maxBatch = 64 << 10
	// maxFastBatch is where one ends on a connection that takes a full batch in less than
	// fastWrite. It doubles up to there, and is maxBatch again after a write of slowWrite, so
	// a PING waits no longer. Only payloads that are not copied make a batch longer.
	maxFastBatch = 1 << 20
	fastWrite    = instant(1e6)
	slowWrite    = instant(5e6)
	// keptBatch is how much memory a quiet connection keeps for its next write.
	keptBatch = 1 << 10
)

// batch is what one write writes: bytes of its own, and large payloads between them that are
// written from where they are.
type batch struct {
	own    []byte
	pooled *[]byte // where own is from, if it is large
	refs   []ref
	bufs   net.Buffers
	size   int     // of the payloads in refs
	since  instant // when it was handed out
	longer int     // than maxBatch it may be
}

// ref is a payload that comes after own[:at].
type ref struct {
	at      int
	payload []byte
	chunk   *chunk // that the payload is in; nil: in memory that is not used again
}

var batches = sync.Pool{New: func() any { b := make([]byte, 0, 2*maxBatch); return &b }}

// begin makes the batch ready for about n bytes.
func (b *batch) begin(n int) {
	if n > keptBatch && b.pooled == nil {
		b.pooled = batches.Get().(*[]byte)
		b.own = (*b.pooled)[:0]
	}
}

func (b *batch) full() bool {
	return len(b.own) >= maxBatch || len(b.own)+b.size >= maxBatch+b.longer
}

// timed fits the length of the next batches to the time that this one took to be written. What
// is being written is held even when it is acknowledged, so it is a small part of the queue.
func (b *batch) timed(took instant, queue int) {
	switch {
	case took >= slowWrite:
		b.longer = 0
	case took < fastWrite && b.full():
		b.longer = max(min(2*b.longer+maxBatch, maxFastBatch-maxBatch, queue/8-maxBatch), 0)
	}
}

// buffers returns the batch. It is valid until reset.
func (b *batch) buffers() net.Buffers {
	at := 0
	b.bufs = b.bufs[:0]
	for _, r := range b.refs {
		if r.at > at {
			b.bufs = append(b.bufs, b.own[at:r.at])
		}
		b.bufs = append(b.bufs, r.payload)
		at = r.at
	}
	if at < len(b.own) {
		b.bufs = append(b.bufs, b.own[at:])
	}
	return b.bufs
}

// reset empties the batch, which was written or never handed out, and gives large memory back. It
// returns how many bytes of settled messages are free now.
func (b *batch) reset() (late int) {
	late = b.late()
	for _, r := range b.refs {
		if r.chunk != nil {
			r.chunk.pins--
			r.chunk.free()
		}
	}
	clear(b.refs)
	b.own, b.refs, b.size = b.own[:0], b.refs[:0], 0
	if b.pooled != nil {
		batches.Put(b.pooled)
		b.own, b.pooled = nil, nil
	} else if cap(b.own) > keptBatch {
		b.own = nil
	}
	return late
}

// trim gives all memory of a batch back that is not handed out.
func (b *batch) trim() {
	if b.pooled == nil && len(b.own) == 0 {
		b.own, b.refs, b.bufs = nil, nil, nil
	}
}

// abandon is reset for a batch that a driver may write for as long as it likes.
func (b *batch) abandon() (late int) {
	late = b.late()
	for _, r := range b.refs {
		if r.chunk != nil {
			r.chunk.pins--
			r.chunk.lost = true
		}
	}
	return late
}

// late returns how many bytes are of messages that were settled before their write has returned, and
// forgets it.
func (b *batch) late() (n int) {
	for _, r := range b.refs {
		if c := r.chunk; c != nil && c.late > 0 {
			n += int(c.late) + itemCost
			c.late = 0
		}
	}
	return n
}
