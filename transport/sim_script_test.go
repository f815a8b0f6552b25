package transport_test

import (
	"math/rand/v2"
	"slices"
)

// script is what happens to a world: which of the events that its seed draws are left out, and the
// state of its random numbers at each of its steps, so that what is left stays as it was.
type script struct {
	dropped map[string]bool
	states  [][]byte // as the first run had them
	events  []string // what happened, in their order
}

// less returns a script without some events.
func (s *script) less(dropped []string) *script {
	l := &script{dropped: map[string]bool{}, states: s.states}
	for _, e := range dropped {
		l.dropped[e] = true
	}
	return l
}

// happens notes an event. It returns false if it is to be left out.
func (w *world) happens(event string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.script.dropped[event] {
		return false
	}
	w.script.events = append(w.script.events, event)
	return true
}

// mark fixes the random numbers from here on, the n-th such place.
func (w *world) mark(n int) {
	if n < len(w.script.states) {
		if err := w.source.UnmarshalBinary(w.script.states[n]); err != nil {
			panic(err)
		}
		return
	}
	state, err := w.source.MarshalBinary()
	if err != nil {
		panic(err)
	}
	w.script.states = append(w.script.states, state)
}

// shrink returns which of the events can be left out all at once while something still fails: it
// tries ever smaller runs of them (the ddmin algorithm of Zeller and Hildebrandt), at most so many
// times. A failure that depends on the scheduler may not come again: then less is left out.
func shrink(events []string, tries int, fails func(dropped []string) bool) (dropped []string) {
	left := slices.Clone(events)
	for size := max(len(left)/2, 1); ; size /= 2 {
		for from := 0; from < len(left) && tries > 0; tries-- {
			to := min(from+size, len(left))
			if try := append(slices.Clone(dropped), left[from:to]...); fails(try) {
				dropped, left = try, slices.Delete(left, from, to)
			} else {
				from = to
			}
		}
		if size <= 1 || tries == 0 {
			return dropped
		}
	}
}

// newScript returns the script of a seed: all that it draws happens.
func newScript() *script { return &script{} }

// jumps draws jumps of clocks from numbers of their own.
func (w *world) jumps(n int) *rand.Rand { return rand.New(rand.NewPCG(w.seed, 0x70<<32|uint64(n))) }
