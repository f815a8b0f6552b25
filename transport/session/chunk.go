package session

import "sync"

const (
	firstChunk = 512      // of a lane that has been idle
	chunkSize  = 16 << 10 // of a busy one; pooled
	chunkRoom  = 256      // a chunk with less room is full
	byRef      = 4 << 10  // a payload that is at least so large is written without being copied
)

// chunk holds the payloads of several messages one after another, so that a message is not
// an allocation. It goes back to the pool when the last of them is settled.
type chunk struct {
	buf    []byte
	live   int  // messages in it
	pooled bool // buf may be used again; if not, it may be referenced by a write for as long as it likes
}

var chunks = sync.Pool{New: func() any { return &chunk{buf: make([]byte, 0, chunkSize), pooled: true} }}

// filler appends payloads to chunks.
type filler struct{ fill *chunk }

// room returns a chunk with room for a small payload.
func (f *filler) room() *chunk {
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

// take records a payload that was appended to c.buf, giving all. It returns the chunk that
// the payload is in now, and where. Chunk c is what room returned.
func (f *filler) take(c *chunk, all []byte) (in *chunk, off, size int) {
	off = len(c.buf)
	size = len(all) - off
	switch {
	case len(all) <= cap(c.buf): // it fitted
		c.buf = all
	case size >= byRef: // it was appended to memory of its own
		c = &chunk{buf: all}
	default:
		c = chunks.Get().(*chunk)
		f.fill = c
		c.buf = append(c.buf, all[off:]...)
		off = 0
	}
	c.live++
	return c, off, size
}

// drop settles one message of c.
func (f *filler) drop(c *chunk) {
	c.live--
	if c.live > 0 {
		return
	}
	if c == f.fill {
		c.buf = c.buf[:0]
	} else if c.pooled {
		c.buf = c.buf[:0]
		chunks.Put(c)
	}
}

// trim gives the chunk back that is filled next, if no message is in it.
func (f *filler) trim() {
	if c := f.fill; c != nil && c.live == 0 {
		f.fill = nil
		if c.pooled {
			chunks.Put(c)
		}
	}
}
