package session

import (
	"math/bits"
	"sync"
)

const (
	firstChunk = 512      // of a lane that has been idle
	chunkSize  = 16 << 10 // of a busy one
	chunkRoom  = 256      // a chunk with less room is full
	byRef      = 4 << 10  // a payload that is at least so large is written without being copied
	minLarge   = 8 << 10  // the smallest memory of a large payload that is used again
	classes    = 12       // of such memory: minLarge << 0 … 11
)

// chunk holds the payloads of several messages one after another, so that a message is not
// an allocation; or one large payload. Its memory is used again when the last message is
// settled, and, if a write refers to it, when that write has returned.
type chunk struct {
	buf    []byte
	live   int32  // messages in it
	place  uint32 // on the shelf, while there are some
	pins   int32  // writes that refer to it
	late   uint32 // size of its message, which is settled and is released with the pins; 0: none
	pooled bool   // holds small payloads, which are copied by a write; from the pool
	large  bool   // holds a large payload
	lost   bool   // a write of a connection that is over may still refer to it: never used again
}

var (
	chunks = sync.Pool{New: func() any { return &chunk{buf: make([]byte, 0, chunkSize), pooled: true} }}
	large  [classes]sync.Pool
)

// largeChunk returns an empty chunk for a payload of about size bytes.
func largeChunk(size int) *chunk {
	class := max(bits.Len(uint(size-1)/minLarge), 0)
	if class >= classes {
		return &chunk{large: true}
	}
	if c, ok := large[class].Get().(*chunk); ok {
		return c
	}
	return &chunk{buf: make([]byte, 0, minLarge<<class), large: true}
}

// free uses the memory again if nothing is in it and no write refers to it.
func (c *chunk) free() {
	switch {
	case c.live > 0 || c.pins > 0 || c.lost:
	case c.pooled:
		c.buf = c.buf[:0]
		chunks.Put(c)
	case c.large && cap(c.buf) >= minLarge:
		c.buf = c.buf[:0]
		class := bits.Len(uint(cap(c.buf)/minLarge)) - 1
		large[min(class, classes-1)].Put(c)
	}
}

// filler appends payloads to chunks.
type filler struct {
	fill  *chunk
	large int // size of the last payload if it was large: the next one is likely to be, too
}

// room returns a chunk to append a payload to. Give it back by take or by leave.
func (f *filler) room() *chunk {
	if f.large > 0 {
		return largeChunk(f.large)
	}
	if c := f.fill; c != nil {
		if cap(c.buf)-len(c.buf) >= chunkRoom {
			return c
		}
		f.fill = chunks.Get().(*chunk)
	} else {
		f.fill = &chunk{buf: make([]byte, 0, firstChunk)}
	}
	return f.fill
}

// leave gives a chunk back that nothing was appended to.
func (f *filler) leave(c *chunk) {
	if c != f.fill {
		c.free()
	}
}

// take records a payload that was appended to c.buf, giving all. It returns the chunk that
// the payload is in now, and where. Chunk c is what room returned.
func (f *filler) take(c *chunk, all []byte) (in *chunk, off, size int) {
	off = len(c.buf)
	size = len(all) - off
	fits := len(all) <= cap(c.buf)
	f.large = 0
	if size >= byRef {
		f.large = size
	}
	switch {
	case fits && !c.large:
		c.buf = all
	case size >= byRef && cap(all) > 2*size: // so much memory is not kept for it
		was := c
		c = largeChunk(size)
		c.buf, off = append(c.buf, all[off:]...), 0
		f.leave(was) // not before: from then on another session may write into it
	case fits && size >= byRef:
		c.buf = all
	case size >= byRef: // it was appended to memory of its own
		f.leave(c)
		c = &chunk{buf: all, large: true}
	default:
		payload, was := all[off:], c
		if c = f.fill; c == nil || cap(c.buf)-len(c.buf) < size {
			c = chunks.Get().(*chunk)
			f.fill = c
		}
		off = len(c.buf)
		c.buf = append(c.buf, payload...)
		f.leave(was) // likewise
	}
	c.live++
	return c, off, size
}

// drop settles n messages of c.
func (f *filler) drop(c *chunk, n int) {
	c.live -= int32(n)
	if c.live > 0 {
		return
	}
	if c == f.fill {
		c.buf = c.buf[:0]
	} else {
		c.free()
	}
}

// trim gives the chunk back that is filled next, if no message is in it.
func (f *filler) trim() {
	if c := f.fill; c != nil && c.live == 0 {
		f.fill = nil
		c.free()
	}
}
