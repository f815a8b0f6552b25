package transport

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkSessions is the curve from 1 to 10,000 sessions of one server process: the time
// of a message when all sessions send at once, everything acknowledged, and the server's
// memory for each session while they are idle. The clients share the machine.
func BenchmarkSessions(b *testing.B) {
	for _, sessions := range []int{1, 10, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(sessions), func(b *testing.B) { manySessions(b, sessions) })
	}
}

func manySessions(b *testing.B, sessions int) {
	batch := max(20_000, 100*sessions) // messages over all sessions
	s := startChild(b, parleyPeer)
	before := s.memory(b)
	conns := make([]conn, sessions)
	inParallel(b, 32, sessions, func(i int) (err error) {
		if conns[i], err = parleyPeer.dial(s.addr); err == nil {
			_, err = conns[i].Call(message(opEcho, 64))
		}
		return err
	})
	b.Cleanup(func() {
		for _, c := range conns {
			c.Close()
		}
	})
	idle := s.memory(b) - before

	for b.Loop() {
		inParallel(b, sessions, sessions, func(i int) error {
			m := message(opCount, 64)
			for range batch / sessions {
				if err := conns[i].Send(m); err != nil {
					return err
				}
			}
			_, err := total(conns[i])
			return err
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch), "ns/msg")
	b.ReportMetric(float64(idle)/float64(sessions)/1024, "KiB/session")
	b.ReportMetric(0, "ns/op")
}

// inParallel calls f(0) … f(n-1) from so many goroutines.
func inParallel(tb testing.TB, goroutines, n int, f func(int) error) {
	tb.Helper()
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(goroutines, n) {
		wg.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	if tb.Failed() {
		tb.FailNow()
	}
}
