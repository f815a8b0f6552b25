package fault

import (
	"math/rand/v2"
	"time"
)

// Rates are the probabilities, from 0 to 1, that a fault happens at any one
// Read or Write of a connection. The zero Rates never fail anything.
type Rates struct {
	Stall    float64
	StallMax time.Duration // a stall takes up to this long; 0: 100 ms

	Fragment    float64
	FragmentMax int // the largest size of the pieces in bytes; 0: 4

	Short float64 // short writes, and reads of few bytes
	Reset float64 // within the first 64 bytes of the operation
	EOF   float64

	HalfOpen float64
	OneWay   float64 // from the operation on, its direction loses everything
	Corrupt  float64 // what TCP's checksum should have caught
}

// isZero reports whether nothing ever fails.
func (r Rates) isZero() bool {
	return r.Stall == 0 && r.Fragment == 0 && r.Short == 0 && r.Reset == 0 && r.EOF == 0 &&
		r.HalfOpen == 0 && r.OneWay == 0 && r.Corrupt == 0
}

// dice draws the faults of one connection, operation by operation. Each
// direction has numbers of its own, so that the order in which a reading and a
// writing goroutine come does not change what either meets.
type dice struct {
	rates  Rates
	rnd    [2]*rand.Rand
	oneWay [2]bool
}

func newDice(r Rates, seed, conn uint64) *dice {
	return &dice{rates: r, rnd: [2]*rand.Rand{
		rand.New(rand.NewPCG(seed, 2*conn)),
		rand.New(rand.NewPCG(seed, 2*conn+1)),
	}}
}

// at implements script. It is called once for each operation.
func (d *dice) at(op Op, i int) []Fault {
	rnd, r := d.rnd[op], d.rates
	var found []Fault
	add := func(rate float64, kind Kind, n int, wait time.Duration) bool {
		if rate == 0 || rnd.Float64() >= rate {
			return false
		}
		found = append(found, Fault{Op: op, From: i, To: i, Kind: kind, N: n, D: wait})
		return true
	}
	add(r.Stall, Stall, 0, time.Duration(1+rnd.Int64N(int64(orElse(r.StallMax, 100*time.Millisecond)))))
	add(r.Fragment, Fragment, 1+rnd.IntN(orElse(r.FragmentMax, 4)), 0)
	add(r.Short, Short, 1+rnd.IntN(16), 0)
	add(r.Reset, Reset, rnd.IntN(64), 0)
	add(r.EOF, EOF, 0, 0)
	add(r.HalfOpen, HalfOpen, 0, 0)
	add(r.Corrupt, Corrupt, rnd.IntN(1<<16), 0)
	switch {
	case d.oneWay[op]:
		found = append(found, Fault{Op: op, From: i, To: i, Kind: Lose})
	default:
		d.oneWay[op] = add(r.OneWay, Lose, 0, 0)
	}
	return found
}

// orElse returns v, or def if v is not positive.
func orElse[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}
