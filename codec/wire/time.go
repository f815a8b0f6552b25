package wire

import (
	"math"
	"net/netip"
	"time"
)

// ZeroTime stands for the zero time.Time, which is long before the smallest time that has
// unix nanoseconds in 64 bits.
const ZeroTime = math.MinInt64

// Nanos returns a time's unix nanoseconds; false if they do not fit in 64 bits: before 1677
// or after 2262. The zero time is the smallest number.
func Nanos(t time.Time) (int64, bool) {
	s := t.Unix()
	if s <= -9223372037 || s >= 9223372036 {
		return edge(t)
	}
	return s*1e9 + int64(t.Nanosecond()), true
}

// edge is Nanos for times in the first and the last second that fit, and beyond.
func edge(t time.Time) (int64, bool) {
	s, n := t.Unix(), int64(t.Nanosecond())
	switch {
	case s == -9223372037 && n > 145224192:
		return math.MinInt64 + (n - 145224192), true
	case s == 9223372036 && n <= 854775807:
		return math.MaxInt64 - (854775807 - n), true
	}
	return ZeroTime, t.IsZero()
}

// UnixNanos is Nanos for a time that is known to fit.
func UnixNanos(t time.Time) int64 {
	if t.IsZero() {
		return ZeroTime
	}
	return t.UnixNano()
}

// Time returns the time of unix nanoseconds, in UTC.
func Time(nanos int64) time.Time {
	if nanos == ZeroTime {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

// AddrSize returns how many bytes an address takes: one and its own 0, 4 or 16.
func AddrSize(a netip.Addr) int { return 1 + a.BitLen()/8 }

// PutAddr writes an address without its zone, and returns the index after it.
func PutAddr(b []byte, i int, a netip.Addr) int {
	n := a.BitLen() / 8
	b[i] = byte(n)
	switch n {
	case 4:
		a4 := a.As4()
		copy(b[i+1:], a4[:])
	case 16:
		a16 := a.As16()
		copy(b[i+1:], a16[:])
	}
	return i + 1 + n
}

// Addr reads an address at src[i:]. A negative index says that src is short; ok is false for
// a length that no address has.
func Addr(src []byte, i int) (a netip.Addr, next int, ok bool) {
	if i >= len(src) {
		return a, -1, true
	}
	n := int(src[i])
	if n != 0 && n != 4 && n != 16 {
		return a, i, false
	}
	if len(src)-i-1 < n {
		return a, -1, true
	}
	if n > 0 {
		a, _ = netip.AddrFromSlice(src[i+1 : i+1+n])
	}
	return a, i + 1 + n, true
}
