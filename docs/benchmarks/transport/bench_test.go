package transport

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/parleyproto/parley/docs/benchmarks/turns"
)

func start(tb testing.TB, p peer) conn {
	tb.Helper()
	addr, stop, err := p.serve()
	if err != nil {
		tb.Fatal(err)
	}
	c, err := p.dial(addr)
	if err != nil {
		stop()
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close(); stop() })
	return c
}

// TestPeers checks that everybody does what is measured.
func TestPeers(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			c := start(t, p)
			for _, size := range []int{64, 1 << 20} {
				want := message(opEcho, size)
				want[size-1] = 7
				got, err := c.Call(want)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("echo of %d bytes: %d bytes, %v", size, len(got), err)
				}
			}
			for range 1000 {
				if err := c.Send(message(opCount, 64)); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := total(c); n != 1000 || err != nil {
				t.Fatalf("counted %d of 1000, %v", n, err)
			}
		})
	}
}

// All peers are alive at once; each has its turn.

func BenchmarkRoundTrip(b *testing.B) {
	race(b, func(c conn) func(int) error {
		m := message(opEcho, 64)
		return func(n int) error {
			for range n {
				if _, err := c.Call(m); err != nil {
					return err
				}
			}
			return nil
		}
	})
}

func BenchmarkPipelined(b *testing.B) { oneWay(b, 64) }

func BenchmarkLarge(b *testing.B) { oneWay(b, 1<<20) }

func oneWay(b *testing.B, size int) {
	race(b, func(c conn) func(int) error {
		m, sent := message(opCount, size), uint64(0)
		return func(n int) error {
			for range n {
				if err := c.Send(m); err != nil {
					return err
				}
			}
			sent += uint64(n)
			got, err := total(c)
			if err == nil && got != sent {
				err = fmt.Errorf("the server counted %d of %d", got, sent)
			}
			return err
		}
	})
}

// race lets all peers take turns.
func race(b *testing.B, work func(conn) func(int) error) {
	var all []turns.Contender
	for _, p := range peers {
		all = append(all, turns.Contender{Name: p.name, Run: work(start(b, p))})
	}
	turns.Race(b, 10*time.Millisecond, all)
}
