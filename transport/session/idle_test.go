package session_test

import (
	"runtime"
	"testing"

	"github.com/parleyproto/parley/transport/session"
)

// BenchmarkIdle reports the heap of one attached machine that has nothing to do, with its
// share of the buffer that a waiting read needs.
func BenchmarkIdle(b *testing.B) {
	const n = 1000
	var before, after runtime.MemStats
	cp, sp := profiles(b, new(raw))
	for b.Loop() {
		kept := make([]*session.Machine, 0, n)
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range n {
			_, sm, now := join(b, cp, sp)
			sm.Tick(now)
			sm.Space(sm.Generation())
			kept = append(kept, sm)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/session")
		runtime.KeepAlive(kept)
	}
}
