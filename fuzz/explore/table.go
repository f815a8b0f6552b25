package explore

// A table numbers states by the hash of their keys: open addressing, 12 bytes a
// slot, at most 3/4 full.
type table struct {
	hashes  []uint64
	numbers []uint32 // 0: empty, else the state's number + 1
	used    int
}

const firstSlots = 1 << 12

func newTable() *table {
	return &table{hashes: make([]uint64, firstSlots), numbers: make([]uint32, firstSlots)}
}

// slot returns where h stands, or the empty slot where it belongs.
func (t *table) slot(h uint64) int {
	mask := len(t.hashes) - 1
	i := int(h) & mask
	for t.numbers[i] != 0 && t.hashes[i] != h {
		i = (i + 1) & mask
	}
	return i
}

// find returns the number of the state with hash h. It may be called by several
// goroutines while none inserts.
func (t *table) find(h uint64) (uint32, bool) {
	n := t.numbers[t.slot(h)]
	return n - 1, n != 0
}

// insert adds a hash that is not in the table.
func (t *table) insert(h uint64, number uint32) {
	if 4*(t.used+1) > 3*len(t.hashes) {
		t.grow()
	}
	i := t.slot(h)
	t.hashes[i], t.numbers[i] = h, number+1
	t.used++
}

func (t *table) grow() {
	old := *t
	t.hashes = make([]uint64, 2*len(old.hashes))
	t.numbers = make([]uint32, 2*len(old.numbers))
	for i, n := range old.numbers {
		if n != 0 {
			j := t.slot(old.hashes[i])
			t.hashes[j], t.numbers[j] = old.hashes[i], n
		}
	}
}
