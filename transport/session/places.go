package session

import "sync"

// places is a queue of items, in blocks. A block is taken when the queue reaches it and given back
// when the queue has passed it: nothing is ever copied to a larger or a smaller ring, and a stream
// walks through few blocks, which stay in the processor's cache. An item does not move while it is
// in the queue. The zero places is empty and holds no memory.
type places struct {
	blocks []*placeBlock // a ring, a power of two long; nil where the queue is not
	head   uint32        // the place of the front, counted from the beginning of blocks
	n      int32
}

const (
	blockBits = 5
	blockSize = 1 << blockBits // items in a block
)

type placeBlock [blockSize]item

// at returns the i-th item from the front.
func (q *places) at(i int) *item {
	p := int(q.head) + i
	return &q.blocks[p>>blockBits&(len(q.blocks)-1)][p&(blockSize-1)]
}

// len returns how many items there are.
func (q *places) len() int { return int(q.n) }

// room is how many items the queue's blocks have places for.
func (q *places) room() int {
	if q.blocks == nil {
		return 0
	}
	return max(int(q.head)&(blockSize-1)+int(q.n)+blockSize-1, blockSize) &^ (blockSize - 1)
}

// push adds a place at the back. What it holds is to be overwritten as a whole.
func (q *places) push(s *spare) *item {
	p := int(q.head) + int(q.n)
	if p&(blockSize-1) == 0 {
		q.reach(s)
	}
	q.n++
	return q.at(int(q.n) - 1)
}

// front returns the first items that lie together.
func (q *places) front() []item {
	p := int(q.head) & (blockSize - 1)
	return q.blocks[q.head>>blockBits][p:min(p+int(q.n), blockSize)]
}

// behind returns the places behind the last item that lie together: at least one, to be overwritten
// as wholes and counted in n.
func (q *places) behind(s *spare) []item {
	p := int(q.head) + int(q.n)
	if p&(blockSize-1) == 0 {
		q.reach(s)
		p = int(q.head) + int(q.n)
	}
	return q.blocks[p>>blockBits&(len(q.blocks)-1)][p&(blockSize-1):]
}

// reach takes the block behind the last one, if it is not there.
func (q *places) reach(s *spare) {
	first := int(q.head) >> blockBits
	behind := (int(q.head) + int(q.n)) >> blockBits
	if behind-first == len(q.blocks) {
		q.grow()
		behind -= first
	}
	if b := &q.blocks[behind&(len(q.blocks)-1)]; *b == nil {
		*b = s.get()
	}
}

// grow doubles the ring of blocks, which begins with the first one then.
func (q *places) grow() {
	first := int(q.head) >> blockBits
	all := make([]*placeBlock, max(1, 2*len(q.blocks)))
	k := copy(all, q.blocks[first:])
	copy(all[k:], q.blocks[:first])
	q.blocks, q.head = all, q.head&(blockSize-1)
}

// pop removes the first k items, of so many at least. One block stays for what comes next.
func (q *places) pop(k int, s *spare) {
	first := int(q.head) >> blockBits
	q.n -= int32(k)
	last := (int(q.head) + k) >> blockBits
	if q.head += uint32(k); q.n == 0 {
		last = int(q.head-1) >> blockBits
		q.head = uint32(last) << blockBits
	}
	for ; first < last; first++ {
		b := &q.blocks[first&(len(q.blocks)-1)]
		s.put(*b)
		*b = nil
	}
	q.head &= uint32(len(q.blocks)<<blockBits - 1)
}

// remove removes the i-th item. Those in front of it move; it is meant for small i.
func (q *places) remove(i int, s *spare) {
	for ; i > 0; i-- {
		*q.at(i) = *q.at(i - 1)
	}
	q.pop(1, s)
}

// turn moves the first n items to the back.
func (q *places) turn(n int, s *spare) {
	for range n {
		it := *q.at(0)
		q.pop(1, s)
		*q.push(s) = it
	}
}

// trim gives the memory of an empty queue back.
func (q *places) trim(s *spare) {
	if q.n == 0 && q.blocks != nil {
		s.put(q.blocks[q.head>>blockBits])
		*q = places{}
	}
}

// spare has blocks for the queues of a session: the one that was given back last, which is in the
// cache of who is at it, is used next. What is more than maxSpare is shared with other sessions.
type spare struct{ blocks []*placeBlock }

const maxSpare = 96

var placeBlocks = sync.Pool{New: func() any { return new(placeBlock) }}

func (s *spare) get() *placeBlock {
	if k := len(s.blocks); k > 0 {
		b := s.blocks[k-1]
		s.blocks = s.blocks[:k-1]
		return b
	}
	return placeBlocks.Get().(*placeBlock)
}

func (s *spare) put(b *placeBlock) {
	if len(s.blocks) < maxSpare {
		s.blocks = append(s.blocks, b)
	} else {
		placeBlocks.Put(b)
	}
}

// trim shares all of them.
func (s *spare) trim() {
	for _, b := range s.blocks {
		placeBlocks.Put(b)
	}
	s.blocks = nil
}
