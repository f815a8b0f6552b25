package codectest

import (
	"math"
	"math/rand"
	"net/netip"
	"time"

	"github.com/parleyproto/parley/codec"
)

// Rand makes random values that prefer boundaries and are rarely zero.
type Rand struct {
	*rand.Rand
	Levels int // how deep recursive values may still nest
}

// Bool returns a random bool.
func (r *Rand) Bool() bool { return r.Intn(2) == 0 }

// Int returns a number from lo to hi.
func (r *Rand) Int(lo, hi int64) int64 {
	switch r.Intn(8) {
	case 0:
		return lo
	case 1:
		return hi
	case 2, 3:
		return clamp(int64(r.Intn(7))-3, lo, hi)
	case 4:
		return clamp(int64(1)<<r.Intn(63)-int64(r.Intn(2)), lo, hi)
	case 5:
		return clamp(-(int64(1) << r.Intn(63)), lo, hi)
	}
	span := uint64(hi) - uint64(lo)
	if span == math.MaxUint64 {
		return int64(r.Uint64())
	}
	return int64(uint64(lo) + r.Uint64()%(span+1))
}

// Uint returns a number from lo to hi.
func (r *Rand) Uint(lo, hi uint64) uint64 {
	switch r.Intn(8) {
	case 0:
		return lo
	case 1:
		return hi
	case 2, 3:
		return clamp(uint64(r.Intn(4)), lo, hi)
	case 4, 5:
		return clamp(uint64(1)<<r.Intn(64)-uint64(r.Intn(2)), lo, hi)
	}
	if hi-lo == math.MaxUint64 {
		return r.Uint64()
	}
	return lo + r.Uint64()%(hi-lo+1)
}

func clamp[N int64 | uint64](x, lo, hi N) N { return max(lo, min(x, hi)) }

// Float64 returns any float64, also infinities, NaNs and negative zero.
func (r *Rand) Float64() float64 {
	special := []float64{0, math.Copysign(0, -1), 1, -1.5, math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.Inf(1), math.Inf(-1), math.NaN(), math.Float64frombits(0x7ff8000000000007), 1 << 53}
	if k := r.Intn(2 * len(special)); k < len(special) {
		return special[k]
	}
	return r.NormFloat64() * 1000
}

// Float32 is Float64 for float32.
func (r *Rand) Float32() float32 {
	if r.Intn(8) == 0 {
		return math.Float32frombits(0x7fc00007)
	}
	return float32(r.Float64())
}

// FloatIn returns a number from lo to hi.
func (r *Rand) FloatIn(lo, hi float64) float64 {
	switch r.Intn(4) {
	case 0:
		return lo
	case 1:
		return hi
	}
	x := lo/2 + r.Rand.Float64()*(hi/2-lo/2)
	return max(lo, min(hi, 2*x))
}

// Len returns a length from lo to hi, mostly a small one.
func (r *Rand) Len(lo, hi uint64) int {
	if hi > lo+300 {
		hi = lo + 300
	}
	switch r.Intn(12) {
	case 0:
		return int(lo)
	case 1:
		return int(hi)
	}
	return int(min(hi, lo+uint64(r.Intn(5))))
}

// Count is Len for elements that take much memory: there are few.
func (r *Rand) Count(lo, hi uint64) int { return int(min(hi, lo+uint64(r.Intn(4)))) }

// Text returns a string of valid UTF-8 whose length in bytes is from lo to hi.
func (r *Rand) Text(lo, hi uint64) string {
	n := r.Len(lo, hi)
	b := make([]byte, 0, n)
	for len(b) < n {
		switch more := n - len(b); {
		case more >= 4 && r.Intn(10) == 0:
			b = append(b, "😀"...)
		case more >= 2 && r.Intn(6) == 0:
			b = append(b, "ä"...)
		default:
			b = append(b, "abz \"\\\n\x00\x1f<~"[r.Intn(11)])
		}
	}
	return string(b)
}

// Bytes returns a slice whose length is from lo to hi, nil if it is 0.
func (r *Rand) Bytes(lo, hi uint64) []byte {
	n := r.Len(lo, hi)
	if n == 0 {
		return nil
	}
	b := make([]byte, n)
	r.Read(b)
	return b
}

// Time returns a time that has unix nanoseconds in 64 bits, or the zero time.
func (r *Rand) Time() time.Time {
	switch r.Intn(6) {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix(0, 0).UTC()
	case 2:
		return time.Unix(0, r.Int(-9e18, 9e18)).UTC()
	}
	return time.Unix(r.Int63n(4e9), r.Int63n(1e9)).UTC()
}

// Addr returns an address of either family, or the zero Addr.
func (r *Rand) Addr() netip.Addr {
	var b [16]byte
	r.Read(b[:])
	switch r.Intn(3) {
	case 0:
		return netip.Addr{}
	case 1:
		return netip.AddrFrom4([4]byte(b[:]))
	}
	return netip.AddrFrom16(b)
}

// Extensions returns unknown tagged fields whose tags are none of the known.
func (r *Rand) Extensions(known ...uint64) codec.Extensions {
	var x codec.Extensions
	tag := uint64(0)
	for range r.Intn(3) {
		tag += 1 + uint64(r.Intn(4))
		for contains(known, tag) {
			tag++
		}
		x = append(x, codec.Extension{Tag: tag, Data: append([]byte{}, r.Bytes(0, 10)...)})
	}
	return x
}

func contains(known []uint64, tag uint64) bool {
	for _, k := range known {
		if k == tag {
			return true
		}
	}
	return false
}

// Deeper tells whether a recursive value may go on, and counts the level.
func (r *Rand) Deeper() bool {
	if r.Levels <= 0 || r.Intn(3) == 0 {
		return false
	}
	r.Levels--
	return true
}
