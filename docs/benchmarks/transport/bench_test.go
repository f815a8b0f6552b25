package transport

import (
	"bytes"
	"testing"
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

func BenchmarkRoundTrip(b *testing.B) {
	for _, p := range peers {
		b.Run(p.name, func(b *testing.B) {
			c, m := start(b, p), message(opEcho, 64)
			if _, err := c.Call(m); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if _, err := c.Call(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPipelined(b *testing.B) {
	for _, p := range peers {
		b.Run(p.name, func(b *testing.B) { oneWay(b, p, 64) })
	}
}

func BenchmarkLarge(b *testing.B) {
	for _, p := range peers {
		b.Run(p.name, func(b *testing.B) { oneWay(b, p, 1<<20) })
	}
}

func oneWay(b *testing.B, p peer, size int) {
	c, m := start(b, p), message(opCount, size)
	if n, err := total(c); n != 0 || err != nil {
		b.Fatal(n, err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := c.Send(m); err != nil {
			b.Fatal(err)
		}
	}
	if n, err := total(c); n != uint64(b.N) || err != nil {
		b.Fatalf("the server counted %d of %d, %v", n, b.N, err)
	}
}
