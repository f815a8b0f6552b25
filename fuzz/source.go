package fuzz

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// A Source turns the bytes of one fuzz input into decisions and payloads.
//
// Decisions are taken from the front of the input, payload bytes from the
// back, so that the engine's edit of one payload byte leaves every decision as
// it was, and a longer payload does not push the later decisions aside.
//
//	input:  d0 d1 d2 …  →                 ←  … p2 p1 p0
//	        Choose, Boundary, Uint64            Payload
//
// When the input is used up, Choose, Boundary and Payload give their smallest
// answer: a script that ends is a script that does nothing more. Uint64, and
// with it every generator on top, goes on with pseudo-random numbers seeded by
// the whole input: generators retry until they like a number, and a constant
// could keep them for ever. The same input always gives the same answers.
//
// A Source is a rand.Source of math/rand/v2 and a rand.Source64 of math/rand.
// It is not safe for concurrent use.
type Source struct {
	data []byte // what is left
	rest *rand.PCG
}

// NewSource returns a Source that reads data. It keeps data and does not
// modify it.
func NewSource(data []byte) *Source {
	return &Source{data: data, rest: rand.NewPCG(seedOf(data))}
}

// seedOf is FNV-1a of data in two lanes: the same on every machine and run,
func seedOf(data []byte) (uint64, uint64) {
	const prime = 1099511628211
	a, b := uint64(14695981039346656037), uint64(len(data))
	for _, c := range data {
		a = (a ^ uint64(c)) * prime
		b = (b ^ bits.RotateLeft64(a, 29)) * prime
	}
	return a, b
}

// Len returns how many bytes of the input are left.
func (s *Source) Len() int { return len(s.data) }

// Choose returns a number in [0, n), or 0 if n < 2, which takes nothing from
// the input. It takes one byte for n up to 1<<8, two up to 1<<16, four up to
// 1<<32, else eight, little-endian, modulo n.
func (s *Source) Choose(n int) int {
	if n < 2 {
		return 0
	}
	return int(s.take(width(uint64(n-1))) % uint64(n))
}

// Bool returns a decision between two ways.
func (s *Source) Bool() bool { return s.Choose(2) == 1 }

// width is the number of bytes that a decision up to max takes.
func width(max uint64) int {
	switch {
	case max < 1<<8:
		return 1
	case max < 1<<16:
		return 2
	case max < 1<<32:
		return 4
	}
	return 8
}

// take reads n ≤ 8 bytes from the front; bytes past the end are zero.
func (s *Source) take(n int) uint64 {
	var b [8]byte
	s.data = s.data[copy(b[:n], s.data):]
	return binary.LittleEndian.Uint64(b[:])
}

// Boundary returns a number in [0, max] that is likely to stand at an edge:
// 0, 1, max-1, max, or one of a power of two and its neighbours. It takes one
// byte of the input and, but for the first four, one byte more for the power, or
// as many as a choice of any number up to max takes.
func (s *Source) Boundary(max uint64) uint64 {
	switch s.take(1) % (boundaryAny + 1) {
	case 0:
		return 0
	case 1:
		return min(1, max)
	case 2:
		return max - min(1, max)
	case 3:
		return max
	case 4:
		return min(1<<(s.take(1)%64)-1, max)
	case 5:
		return min(1<<(s.take(1)%64), max)
	case 6:
		return min(1<<(s.take(1)%64)+1, max)
	}
	v := s.take(width(max))
	if v <= max {
		return v
	}
	return v % (max + 1) // max is less than v, so max + 1 does not wrap
}

// boundaryAny is the decision of Boundary for a number of any kind.
const boundaryAny = 7

// Payload returns 0 to max bytes. The length is a decision (short ones are
// likelier), the bytes come from the back of the input; there are fewer when
// the input has no more. The result is a copy of its own.
func (s *Source) Payload(max int) []byte {
	n := s.length(max)
	if n > len(s.data) {
		n = len(s.data)
	}
	p := make([]byte, n)
	for i := range p {
		p[i] = s.data[len(s.data)-1-i]
	}
	s.data = s.data[:len(s.data)-n]
	return p
}

// length draws a payload's length: below lengthEscape as it stands in one byte,
// else a choice among all.
func (s *Source) length(max int) int {
	if max <= 0 {
		return 0
	}
	n := int(s.take(1))
	if n >= lengthEscape {
		return s.Choose(max + 1)
	}
	return n % (max + 1)
}

const lengthEscape = 0xE0

// Uint64 takes eight bytes, little-endian, or what is left of them, filled up
// with pseudo-random bits.
func (s *Source) Uint64() uint64 {
	n := min(len(s.data), 8)
	v := s.take(n)
	if n < 8 {
		v |= s.rest.Uint64() << (8 * n)
	}
	return v
}

// Int63 is Uint64 without its lowest bit, as math/rand wants it.
func (s *Source) Int63() int64 { return int64(s.Uint64() >> 1) }

// Seed sets the pseudo-random numbers that follow the input's end. The bytes
// of the input stay what they are.
func (s *Source) Seed(seed int64) { s.rest.Seed(uint64(seed), 0) }

// Rand returns a generator that draws from s.
func (s *Source) Rand() *rand.Rand { return rand.New(s) }
