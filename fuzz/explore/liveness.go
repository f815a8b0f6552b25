package explore

import "errors"

// findUnreached reports the first Reach that no state fulfilled. A bounded
// exploration may have stopped before it.
func (e *explorer[S, C]) findUnreached() {
	if e.bounded {
		return
	}
	for i, r := range e.model.Reach {
		if !e.seen[i].Load() {
			e.violation = &Violation[S, C]{Kind: Unreached, Err: errors.New("no state is " + r.Name), show: e.model.Show}
			return
		}
	}
}

// findStuck goes backwards from the states that are done, or whose choices were
// not all followed, and reports the first state that it does not come to.
func (e *explorer[S, C]) findStuck() {
	preds, ends := e.reverse()
	var queue []uint32
	for i := range e.parents {
		if e.fine.has(i) {
			queue = append(queue, uint32(i))
		}
	}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, p := range preds[startOf(ends, n):ends[n]] {
			if !e.fine.has(int(p)) {
				e.fine.set(int(p))
				queue = append(queue, p)
			}
		}
	}
	for i := range e.parents {
		if e.fine.has(i) {
			continue
		}
		f := finding{kind: NoProgress, state: uint32(i), choice: noChoice, err: errNeverEnd}
		if startOf(e.edgeEnds, uint32(i)) == e.edgeEnds[i] {
			f.err = errStuck
		}
		e.violation = e.report(f)
		return
	}
}

// startOf returns where state n's part begins in a list whose parts end at ends.
func startOf(ends []int, n uint32) int {
	if n == 0 {
		return 0
	}
	return ends[n-1]
}

// reverse turns the edges around: for each state those that lead to it.
func (e *explorer[S, C]) reverse() (preds []uint32, ends []int) {
	ends = make([]int, len(e.parents))
	for _, to := range e.edges {
		ends[to]++
	}
	sum := 0
	for i, count := range ends {
		ends[i] = sum // the start; every edge that is put there moves it on
		sum += count
	}
	preds = make([]uint32, len(e.edges))
	for from := range e.parents {
		for _, to := range e.edges[startOf(e.edgeEnds, uint32(from)):e.edgeEnds[from]] {
			preds[ends[to]] = uint32(from)
			ends[to]++
		}
	}
	return preds, ends
}

// A bitset is a growing set of small numbers.
type bitset []uint64

func (b *bitset) grow(n int) {
	for len(*b)*64 < n {
		*b = append(*b, 0)
	}
}

func (b bitset) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
