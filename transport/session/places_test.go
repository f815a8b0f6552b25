package session

import (
	"math/rand/v2"
	"testing"
)

// TestPlacesAreAQueue compares places with a slice, over growing and emptying, and checks that they
// hold no more blocks than the items take.
func TestPlacesAreAQueue(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var q places
	var s spare
	var want []uint64
	id := uint64(0)
	for step, goal := 0, 0; step < 100_000; step++ {
		if step%1000 == 0 {
			goal = rnd.IntN(2000) * (step / 1000 % 3)
		}
		n := len(want)
		switch k := 1 + rnd.IntN(100); {
		case n > 0 && (rnd.IntN(3) == 0 || n > goal):
			k = min(k, n)
			q.pop(k, &s)
			want = want[k:]
		case n > 5 && k < 3:
			q.remove(k, &s)
			want = append(append([]uint64{}, want[:k]...), want[k+1:]...)
		case n > 5 && k < 6:
			q.turn(k, &s)
			want = append(want, want[:k]...)[k:]
		case k < 20:
			places := q.behind(&s)
			places = places[:min(k, len(places))]
			for i := range places {
				id++
				places[i] = item{id: id}
				want = append(want, id)
			}
			q.n += int32(len(places))
		default:
			id++
			*q.push(&s) = item{id: id}
			want = append(want, id)
		}
		if q.len() != len(want) {
			t.Fatalf("step %d: %d items, want %d", step, q.len(), len(want))
		}
		for i, it := range front(&q) {
			if it.id != want[i] {
				t.Fatalf("step %d: item %d of the front is %d, want %d", step, i, it.id, want[i])
			}
		}
		for _, i := range []int{len(want) / 2, len(want) - 1} {
			if len(want) > 0 && q.at(i).id != want[i] {
				t.Fatalf("step %d: item %d is %d, want %d", step, i, q.at(i).id, want[i])
			}
		}
		blocks := 0
		for _, b := range q.blocks {
			if b != nil {
				blocks++
			}
		}
		if blocks*blockSize != q.room() || q.room() > q.len()+2*blockSize-2 {
			t.Fatalf("step %d: %d blocks, %d places, for %d items", step, blocks, q.room(), q.len())
		}
	}
	q.pop(q.len(), &s)
	if q.trim(&s); q.blocks != nil || q.room() != 0 {
		t.Error("the empty queue holds memory after trim")
	}
	if s.trim(); s.blocks != nil {
		t.Error("blocks are spare after trim")
	}
}

func front(q *places) []item {
	if q.n == 0 {
		return nil
	}
	return q.front()
}
