package explore

import (
	"hash/maphash"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Explore visits the states of m breadth first, until all are visited, the
// bounds are met, or something is wrong.
func (m Model[S, C]) Explore(b Bounds) Result[S, C] {
	if b.Workers <= 0 {
		b.Workers = runtime.GOMAXPROCS(0)
	}
	e := &explorer[S, C]{
		model: m, bounds: b, seed: maphash.MakeSeed(), table: newTable(),
		seen: make([]atomic.Bool, len(m.Reach)),
	}
	e.start()
	for len(e.level) > 0 && e.violation == nil {
		e.visitLevel()
	}
	if e.violation == nil {
		e.findUnreached()
	}
	if e.violation == nil && m.Done != nil {
		e.findStuck()
	}
	return e.result()
}

// explorer is one exploration. States are numbered in the order of their first
// visit, which is by depth.
type explorer[S, C any] struct {
	model  Model[S, C]
	bounds Bounds
	seed   maphash.Seed
	table  *table

	parents []uint32 // by state; noParent for an initial one
	choices []uint16 // by state: which of the parent's choices led here

	depth     int    // of level
	level     []S    // states to visit, numbered from first
	first     uint32 // the number of level[0]
	nextLevel []S
	blocks    [batchBlocks]block[S]

	transitions int
	edges       []uint32 // the states that each leads to, if Done is asked
	edgeEnds    []int    // by state: where its edges end in edges
	fine        bitset   // states that are done, or whose choices were not all followed
	bounded     bool
	seen        []atomic.Bool // by Reach: true once it was seen

	violation *Violation[S, C]
}

const (
	noParent = ^uint32(0)
	unknown  = ^uint32(0)
)

func (e *explorer[S, C]) start() {
	for i, s := range e.model.Init {
		h := e.hash(nil, s)
		if _, known := e.table.find(h); !known {
			e.add(h, s, noParent, uint16(i))
		}
	}
	e.level, e.nextLevel = e.nextLevel, nil
}

// hash returns the hash of a state's key.
func (e *explorer[S, C]) hash(scratch *[]byte, s S) uint64 {
	if e.model.Key == nil {
		return maphash.Comparable(e.seed, any(s))
	}
	var dst []byte
	if scratch != nil {
		dst = (*scratch)[:0]
	}
	key := e.model.Key(dst, s)
	if scratch != nil {
		*scratch = key
	}
	return maphash.Bytes(e.seed, key)
}

// add numbers a new state, which will be visited in the next level.
func (e *explorer[S, C]) add(h uint64, s S, parent uint32, choice uint16) uint32 {
	n := uint32(len(e.parents))
	e.table.insert(h, n)
	e.parents = append(e.parents, parent)
	e.choices = append(e.choices, choice)
	e.nextLevel = append(e.nextLevel, s)
	return n
}

// A block is what a worker takes at a time, a batch what is merged at a time.
const (
	blockSize   = 128
	batchBlocks = 64
	batchSize   = batchBlocks * blockSize
)

// visitLevel visits all states of one depth.
func (e *explorer[S, C]) visitLevel() {
	var worst *finding
	for at := 0; at < len(e.level); at += batchSize {
		blocks := e.visitBatch(at, min(at+batchSize, len(e.level)))
		for i := range blocks {
			e.merge(&blocks[i])
			worst = worse(worst, blocks[i].found)
		}
	}
	if worst != nil {
		e.violation = e.report(*worst)
	}
	e.first += uint32(len(e.level))
	clear(e.level) // let go of what the states hold
	e.level, e.nextLevel = e.nextLevel, e.level[:0]
	e.depth++
}

// visitBatch lets the workers visit level[from:to] and returns their blocks in
// order, so that the numbering does not depend on who was first.
func (e *explorer[S, C]) visitBatch(from, to int) []block[S] {
	blocks := e.blocks[:(to-from+blockSize-1)/blockSize]
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(e.bounds.Workers, len(blocks)) {
		wg.Go(func() {
			v := visitor[S, C]{e: e}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(blocks) {
					return
				}
				start := from + i*blockSize
				v.visit(&blocks[i], start, min(start+blockSize, to))
			}
		})
	}
	wg.Wait()
	return blocks
}

// merge numbers what a block found and stores its edges.
func (e *explorer[S, C]) merge(b *block[S]) {
	at, fresh := 0, 0
	for i, count := range b.counts {
		from := e.first + uint32(b.start+i)
		open := b.unfollowed[i]
		for _, s := range b.successors[at : at+count] {
			to := s.number
			if to == unknown {
				to, open = e.number(s, b.fresh[fresh], from, open)
				fresh++
			}
			if e.model.Done != nil && to != unknown {
				e.edges = append(e.edges, to)
			}
		}
		at += count
		e.transitions += count
		if open {
			e.bounded = true
		}
		if e.model.Done != nil {
			e.edgeEnds = append(e.edgeEnds, len(e.edges))
			e.fine.grow(int(from) + 1)
			if open || b.done[i] {
				e.fine.set(int(from))
			}
		}
	}
}

// number returns the number of a successor that was not known when the workers
// looked; open becomes true when the bounds forbid to take it up.
func (e *explorer[S, C]) number(succ successor, s S, from uint32, open bool) (uint32, bool) {
	if n, known := e.table.find(succ.hash); known {
		return n, open
	}
	if e.bounds.MaxStates > 0 && len(e.parents) >= e.bounds.MaxStates {
		return unknown, true
	}
	return e.add(succ.hash, s, from, succ.choice), open
}

// guard calls f and turns a panic into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
