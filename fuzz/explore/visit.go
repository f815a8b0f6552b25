package explore

import (
	"errors"
	"fmt"
)

// A block is what one worker found in states that follow each other.
type block[S any] struct {
	start      int // in the level
	counts     []int
	done       []bool
	unfollowed []bool // the depth bound kept the choices from being made
	successors []successor
	fresh      []S      // the states of those successors that are unknown, in order
	found      *finding // the worst
}

// reset empties the block and keeps its memory.
func (b *block[S]) reset(start int) {
	clear(b.fresh)
	*b = block[S]{
		start: start, counts: b.counts[:0], done: b.done[:0], unfollowed: b.unfollowed[:0],
		successors: b.successors[:0], fresh: b.fresh[:0],
	}
}

// A successor is where one choice led.
type successor struct {
	hash   uint64
	number uint32 // unknown if the table did not have it
	choice uint16
}

// A finding is something wrong at a state, or at one of its choices.
type finding struct {
	kind   Kind
	state  uint32
	choice int // noChoice: the state itself
	err    error
}

const noChoice = -1

// worse returns the finding with the shorter story: a wrong state before a
// wrong step of the same level, then the lower number.
func worse(a, b *finding) *finding {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case (a.choice == noChoice) != (b.choice == noChoice):
		if a.choice == noChoice {
			return a
		}
		return b
	}
	return a // blocks and states come in order
}

// A visitor is one worker with its scratch memory.
type visitor[S, C any] struct {
	e       *explorer[S, C]
	choices []C
	key     []byte
	at      int // the choice that is being made, for a panic
}

func (v *visitor[S, C]) visit(b *block[S], start, end int) {
	b.reset(start)
	for i := start; i < end; i++ {
		before := len(b.successors)
		v.at = noChoice
		kind := InvariantBroken
		err := guard(func() error { return v.visitState(b, v.e.level[i], &kind) })
		if err != nil {
			b.found = worse(b.found, &finding{kind, v.e.first + uint32(i), v.at, err})
		}
		b.counts = append(b.counts, len(b.successors)-before)
		for len(b.done) < len(b.counts) { // a panic left them out
			b.done = append(b.done, false)
		}
		for len(b.unfollowed) < len(b.counts) {
			b.unfollowed = append(b.unfollowed, false)
		}
	}
}

// visitState checks a state and makes all its choices. kind is what an error
// or a panic at this moment would mean.
func (v *visitor[S, C]) visitState(b *block[S], s S, kind *Kind) error {
	m := &v.e.model
	if m.Check != nil {
		if err := m.Check(s); err != nil {
			return err
		}
	}
	for i, r := range m.Reach {
		if !v.e.seen[i].Load() && r.Is(s) {
			v.e.seen[i].Store(true)
		}
	}
	b.done = append(b.done, m.Done != nil && m.Done(s))
	v.choices = m.Choices(v.choices[:0], s)
	if len(v.choices) > 1<<16-1 {
		return fmt.Errorf("explore: %d choices in one state; there can be at most 65535", len(v.choices))
	}
	if v.e.bounds.MaxDepth > 0 && v.e.depth >= v.e.bounds.MaxDepth {
		b.unfollowed = append(b.unfollowed, len(v.choices) > 0)
		return nil
	}
	*kind = StepFailed
	for i, c := range v.choices {
		v.at = i
		if err := v.step(b, s, c, uint16(i)); err != nil {
			return err
		}
	}
	return nil
}

func (v *visitor[S, C]) step(b *block[S], s S, c C, i uint16) error {
	to, err := v.e.model.Step(s, c)
	if err != nil {
		return err
	}
	succ := successor{hash: v.e.hash(&v.key, to), number: unknown, choice: i}
	if n, known := v.e.table.find(succ.hash); known {
		succ.number = n
	} else {
		b.fresh = append(b.fresh, to)
	}
	b.successors = append(b.successors, succ)
	return nil
}

// What NoProgress reports.
var (
	errStuck    = errors.New("stuck: nothing can happen, and the state is not done")
	errNeverEnd = errors.New("whatever happens from here, no state is ever done")
)
