package session

// ring is a queue that grows by doubling, and halves when it was hardly used while it turned
// once: what is walked through all the time should fit into the processor's cache. The zero ring
// is empty and holds no memory. It is for what is seldom long; see places.
type ring[T any] struct {
	buf  []T // a power of two long
	head uint32
	n    int32
	peak int32 // the largest n since head was 0
}

// smallest is where a ring stops halving.
const smallest = 64

// at returns the i-th element from the front. It is valid until the next push or pop.
func (r *ring[T]) at(i int) *T { return &r.buf[(int(r.head)+i)&(len(r.buf)-1)] }

// len returns how many elements there are.
func (r *ring[T]) len() int { return int(r.n) }

// push adds a zero element at the back and returns it, to be filled in place.
func (r *ring[T]) push() *T {
	if int(r.n) == len(r.buf) {
		r.resize(max(1, 2*len(r.buf)))
	}
	r.n++
	r.peak = max(r.peak, r.n)
	return r.at(int(r.n) - 1)
}

// pop removes the front and forgets what it held.
func (r *ring[T]) pop() {
	var zero T
	*r.at(0) = zero
	r.head = (r.head + 1) & uint32(len(r.buf)-1)
	r.n--
	if r.head == 0 {
		r.turned()
	}
}

// turned halves the ring if three quarters of it were not used since the last time.
func (r *ring[T]) turned() {
	if len(r.buf) > smallest && int(r.peak) < len(r.buf)/4 {
		r.resize(len(r.buf) / 2)
	}
	r.peak = r.n
}

// trim gives the memory of an empty ring back.
func (r *ring[T]) trim() {
	if r.n == 0 {
		*r = ring[T]{}
	}
}

func (r *ring[T]) resize(size int) {
	buf := make([]T, size)
	k := copy(buf[:r.n], r.buf[r.head:])
	copy(buf[k:r.n], r.buf)
	r.buf, r.head = buf, 0
}
