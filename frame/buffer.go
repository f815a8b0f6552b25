package frame

import "sync"

const (
	minBuffer  = 512      // the smallest buffer
	baseBuffer = 4 << 10  // a Reader's first
	readBuffer = 64 << 10 // the largest that grows because the source is fast, not because a frame is large
	maxPooled  = 1 << 20  // larger buffers are left to the garbage collector
	largeFrame = 16 << 10 // from here on a read stops soon after the frame's end
	readAhead  = 4 << 10  // how far it may go past that end
)

// block is a pooled buffer. Its size is a power of two.
type block struct{ bytes []byte }

var pools [12]sync.Pool // sizes minBuffer<<i

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

// buffer holds the bytes received and not yet taken: data[r:w]. It holds no memory while it is
// empty and released.
//
// Bytes are moved to the front only when a frame needs the room or when they are few, and each
// frame's bytes at most once; the buffer grows by doubling. So time is linear in the bytes
// received, and memory is at most a small multiple of the bytes waiting.
type buffer struct {
	data []byte
	r, w int
	base int64 // the stream's offset of data[0]
	blk  *block
	room int  // size of the space last handed out
	full bool // the source filled that space: it is faster than we
	last int  // size of the last frame that had to be waited for
}

func (b *buffer) unread() []byte { return b.data[b.r:b.w] }

// space returns room behind the unread bytes. have+least bytes must fit; goal, if not 0, is the
// number of unread bytes that complete the frame.
func (b *buffer) space(least, goal int) []byte {
	have := b.w - b.r
	if have == 0 {
		b.rewind()
	}
	least += have
	if goal == 0 && b.last > have {
		goal = b.last // lines tend to be alike
	}
	end := len(b.data)
	if goal > largeFrame {
		// Stop soon after the frame, so that little has to be moved to the front for the next.
		want := max(least, min(goal+readAhead, max(2*have, len(b.data), baseBuffer)))
		b.fit(want)
		end = min(len(b.data), max(b.r+want, b.r+least))
	} else {
		if goal == 0 || b.r+goal > len(b.data) {
			b.fit(b.comfortable(have, max(least, min(goal, 2*have))))
		} else {
			b.fit(least)
		}
		end = len(b.data)
	}
	b.room = end - b.w
	return b.data[b.w:end]
}

// comfortable returns how many bytes, unread ones included, should fit into the buffer: least,
// and more where this saves reads.
func (b *buffer) comfortable(have, least int) int {
	size := len(b.data)
	switch {
	case size > readBuffer && have == 0 && b.last <= largeFrame:
		b.drop() // the large frames are over
		return max(least, readBuffer)
	case b.full && size < readBuffer && have <= size/8:
		return max(least, min(4*size, readBuffer))
	case have <= size/8 && b.w > size/2:
		return max(least, size) // few bytes: move them to the front
	case size-b.w >= size/8:
		return least
	case b.r >= size/8:
		return max(least, size)
	}
	return max(least, size+1) // too little would be won by moving
}

// fit makes n bytes fit behind r.
func (b *buffer) fit(n int) {
	if n <= len(b.data)-b.r {
		return
	}
	from := b.unread()
	old := b.blk
	if n > len(b.data) {
		b.blk = getBlock(n)
		b.data = b.blk.bytes
	}
	b.base += int64(b.r)
	b.r, b.w = 0, copy(b.data, from)
	if old != nil && old != b.blk {
		putBlock(old)
	}
}

func (b *buffer) wrote(n int) {
	b.w += n
	b.full = n == b.room
	b.room = 0
}

func (b *buffer) rewind() {
	b.base += int64(b.r)
	b.r, b.w = 0, 0
}

// drop gives the memory of an empty buffer back.
func (b *buffer) drop() {
	b.rewind()
	if b.blk != nil {
		putBlock(b.blk)
	}
	b.blk, b.data, b.full, b.room = nil, nil, false, 0
}
