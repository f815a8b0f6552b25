package fuzz

import "math/rand/v2"

// ByteByByte gives one byte by each Read.
func ByteByByte() Plan { return Plan{Sizes: []int{1}, Repeat: true} }

// TwoWayCuts gives, for a stream of n bytes, every plan that cuts it once:
// after 1 byte to after n-1.
func TwoWayCuts(n int) []Plan {
	var plans []Plan
	for i := 1; i < n; i++ {
		plans = append(plans, Plan{Sizes: []int{i}})
	}
	return plans
}

// allCuts is the length up to which Plans makes every two-way cut. A decoder
// is linear, so the cuts of longer streams together would cost a square.
const allCuts = 128

// Plans gives the plans that find most mistakes in a decoder of a stream of n
// bytes: byte by byte, (0, nil) between all bytes, the last bytes with io.EOF,
// scratched buffers, pseudo-random fragments, every two-way cut (for more than
// 128 bytes: the first 64, the last 32 and 32 between), and a failing
// reader after some of the same cuts. They depend on n only.
func Plans(n int) []Plan {
	plans := []Plan{
		{},
		{WithEOF: true, Scratch: true},
		ByteByByte(),
		{Sizes: []int{1}, Repeat: true, WithEOF: true, Scratch: true},
		{Sizes: []int{0, 1}, Repeat: true},
	}
	rnd := rand.New(rand.NewPCG(uint64(n), 0))
	for _, most := range []int{3, 16, 200} {
		plans = append(plans, fragments(rnd, n, most))
	}
	for i, at := range cuts(n) {
		plans = append(plans, Plan{Sizes: []int{at}, WithEOF: i%2 == 1, Scratch: i%3 == 1})
		if i%4 == 0 {
			plans = append(plans, Plan{Fail: true, FailAt: at})
		}
	}
	return append(plans, Plan{Fail: true}, Plan{Fail: true, FailAt: n})
}

// cuts gives the places of the two-way cuts that Plans makes.
func cuts(n int) []int {
	var at []int
	for i := 1; i < n; i++ {
		if n > allCuts && i > allCuts/2 && i < n-allCuts/4 && i%(n/(allCuts/4)) != 0 {
			continue
		}
		at = append(at, i)
	}
	return at
}

// fragments covers n bytes with Reads of 0 to most bytes. Two Reads without a
// byte never follow each other: readers may take many of them for a fault.
func fragments(rnd *rand.Rand, n, most int) Plan {
	var p Plan
	for last := 1; n > 0; n -= last {
		least := 0
		if last == 0 {
			least = 1
		}
		last = least + rnd.IntN(most+1-least)
		p.Sizes = append(p.Sizes, last)
	}
	p.WithEOF = rnd.IntN(2) == 0
	return p
}

// PlanFrom draws a plan for n bytes from the decisions of s, so that the engine
// can look for the cut that breaks a decoder. It never fails a Read.
func PlanFrom(s *Source, n int) Plan {
	p := Plan{WithEOF: s.Bool(), Scratch: s.Bool()}
	for last := 1; n > 0 && s.Len() > 0; n -= last {
		size := s.Choose(min(n, 255) + 1)
		if last == 0 && size == 0 {
			break
		}
		last = size
		p.Sizes = append(p.Sizes, size)
	}
	return p
}
