package frame

import "sync"

const (
	minBuffer  = 128      // the smallest buffer: what waits for a heartbeat or a small message
	baseBuffer = 4 << 10  // a Reader's first
	readBuffer = 64 << 10 // the largest that grows because the source is fast, not because a frame is large
	maxPooled  = 1 << 20  // larger buffers are left to the garbage collector
	largeFrame = 16 << 10 // from here on a read stops soon after the frame's end
	readAhead  = 512      // how far it may go past that end
)

// block is a pooled buffer. Its size is a power of two.
type block struct{ bytes []byte }

var pools [14]sync.Pool // sizes minBuffer<<i, up to maxPooled

func class(n int) int {
	c := 0
	for minBuffer<<c < n {
		c++
	}
	return c
}

func getBlock(n int) *block {
	c := class(n)
	if c < len(pools) {
		if b, ok := pools[c].Get().(*block); ok {
			return b
		}
	}
	return &block{make([]byte, minBuffer<<c)}
}

func putBlock(b *block) {
	if n := len(b.bytes); n <= maxPooled {
		pools[class(n)].Put(b)
	}
}

// reusable returns b emptied, or nil where it is so large that who is idle should not keep it.
func reusable(b []byte) []byte {
	if cap(b) > maxPooled {
		return nil
	}
	return b[:0]
}

// buffer holds the bytes received and not yet taken: in[r:]. It holds no memory while it is empty
// and released.
//
// Bytes are moved to the front only when a frame needs the room or when they are few, and each
// frame's bytes at most once; the buffer grows by doubling. So time is linear in the bytes
// received, and memory is at most a small multiple of the bytes waiting.
type buffer struct {
	in   []byte // received; its capacity is the block's size
	r    int    // bytes of in that are taken
	base int64  // the stream's offset of in[0]
	blk  *block
	room int   // size of the space last handed out
	full bool  // the source filled that space: it is faster than we
	last int   // size of the last frame that had to be waited for
	cost int64 // bytes moved, for tests
}

func (b *buffer) waiting() int { return len(b.in) - b.r }

// space returns room behind the bytes waiting, for least more. goal is how many bytes waiting
// complete the frame, as far as that is known.
func (b *buffer) space(least, goal int) []byte {
	have := b.waiting()
	if have == 0 {
		b.rewind()
	}
	least += have
	if goal <= have+1 { // a format that looks for the frame's end knows no more than that
		goal = 0
		if b.last > have {
			goal = b.last // lines tend to be alike
		}
	}
	end := 0
	if goal > largeFrame {
		// Stop soon after the frame, so that little has to be moved to the front for the next.
		want := max(least, min(goal+readAhead, max(2*have, cap(b.in), baseBuffer)))
		b.fit(want)
		end = min(cap(b.in), b.r+want)
	} else {
		b.fit(b.comfortable(have, least, goal))
		end = cap(b.in)
	}
	b.room = end - len(b.in)
	return b.in[len(b.in):end]
}

// comfortable returns how many bytes, those waiting included, should fit behind r: least, and
// more where this saves reads.
func (b *buffer) comfortable(have, least, goal int) int {
	size := cap(b.in)
	switch {
	case size > readBuffer && have == 0 && b.last <= largeFrame:
		b.drop() // the large frames are over
		return max(least, readBuffer)
	case b.full && size < readBuffer:
		return max(least, min(4*size, readBuffer))
	case have <= size/8 && len(b.in) > size/2:
		return max(least, size) // few bytes: move them to the front
	case goal > 0 && b.r+goal <= size || size-len(b.in) >= size/8:
		return least
	case b.r >= size/8:
		return max(least, size)
	}
	return max(least, size+1) // too little would be won by moving
}

// fit makes n bytes fit behind r.
func (b *buffer) fit(n int) {
	if n <= cap(b.in)-b.r {
		return
	}
	from, old := b.in[b.r:], b.blk
	if n > cap(b.in) {
		b.blk = getBlock(n)
	}
	b.base += int64(b.r)
	b.cost += int64(len(from))
	b.in = b.blk.bytes[:copy(b.blk.bytes, from)]
	b.r = 0
	if old != nil && old != b.blk {
		putBlock(old)
	}
}

func (b *buffer) wrote(n int) {
	b.in = b.in[:len(b.in)+n]
	b.full = n == b.room
	b.room = 0
}

// rewind forgets all bytes.
func (b *buffer) rewind() {
	b.base += int64(len(b.in))
	b.in, b.r = b.in[:0], 0
}

// drop forgets all bytes and gives the memory back.
func (b *buffer) drop() {
	b.rewind()
	if b.blk != nil {
		putBlock(b.blk)
	}
	b.blk, b.in, b.full, b.room = nil, nil, false, 0
}
