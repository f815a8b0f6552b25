package fuzz

import (
	"bytes"
	"runtime"
	"testing"
)

// AllocBound checks that decoding wire, accepted or not, allocates at most
// base + perByte × len(wire) bytes: memory must grow with what was received,
// never with a length that was only declared.
//
// The figure is that of the whole process, so a run beyond the bound is
// repeated, and the least of five runs counts: another goroutine's allocations
// do not repeat. Reading the counters stops the world for some 20 µs.
func (c Codec[T]) AllocBound(t testing.TB, wire []byte, perByte, base int) {
	t.Helper()
	AllocBound(t, wire, perByte, base, func(wire []byte) { c.Dec(wire) })
}

// AllocBound is Codec.AllocBound for a decoder of any shape.
func AllocBound(t testing.TB, wire []byte, perByte, base int, decode func(wire []byte)) {
	t.Helper()
	bound := uint64(base) + uint64(perByte)*uint64(len(wire))
	least := ^uint64(0)
	for try := 0; try < 5 && least > bound; try++ {
		least = min(least, allocated(bytes.Clone(wire), decode))
	}
	if least > bound {
		fail(t, "allocbound", "too much allocated", "%d bytes for %d of input; the bound is %d + %d per byte\nwire %s",
			least, len(wire), base, perByte, show(wire))
	}
}

func allocated(wire []byte, decode func([]byte)) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	decode(wire)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
