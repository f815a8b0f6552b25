package session_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/sessiontest"
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

// A session that has nothing to do holds no memory but its own struct, also after it was busy.
func TestIdleGivesMemoryBack(t *testing.T) {
	p, err := sessiontest.NewPair(sessiontest.Configs(2))
	if err != nil {
		t.Fatal(err)
	}
	p.Connect()
	for range 3 {
		for _, s := range []*sessiontest.Side{p.Client, p.Server} {
			if err := s.Send(session.Normal, sessiontest.Msg{}, session.SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		p.Settle()
		p.Advance(time.Second)
		p.Settle()
		for _, s := range []*sessiontest.Side{p.Client, p.Server} {
			if held := s.Machine.Stats().Held; held == 0 {
				t.Errorf("%s: a session that was busy holds nothing", s.Name)
			}
			s.Machine.Idle()
			if held := s.Machine.Stats().Held; held > 0 {
				t.Errorf("%s: an idle session holds %d bytes", s.Name, held)
			}
		}
	}
	if err := p.Check(true); err != nil {
		t.Error(err)
	}
}
