package session

import (
	"math/rand/v2"
	"testing"
)

// TestRingIsAQueue compares a ring with a slice, over growing and halving.
func TestRingIsAQueue(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var r ring[int]
	var want []int
	halved := false
	for step, goal := 0, 0; step < 200_000; step++ {
		if step%20_000 == 0 {
			goal = rnd.IntN(2000) * (step / 20_000 % 2)
		}
		size := len(r.buf)
		switch {
		case rnd.IntN(3) == 0 && len(want) > 0 || len(want) > goal:
			if got := *r.at(0); got != want[0] {
				t.Fatalf("step %d: the front is %d, want %d", step, got, want[0])
			}
			r.pop()
			want = want[1:]
		default:
			*r.push() = step
			want = append(want, step)
		}
		halved = halved || len(r.buf) < size
		if r.len() != len(want) {
			t.Fatalf("step %d: %d elements, want %d", step, r.len(), len(want))
		}
		if i := len(want) / 2; i < len(want) && *r.at(i) != want[i] {
			t.Fatalf("step %d: element %d is %d, want %d", step, i, *r.at(i), want[i])
		}
	}
	if !halved {
		t.Error("the ring has never halved")
	}
}
