package transport_test

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// allocations returns how often f allocates for each of n messages, with all goroutines that it
// makes work: the least of some tries, for the runtime, the garbage collector's clearing of pools and
// what earlier tests left running allocate too.
func allocations(n int, f func(n int)) float64 {
	f(n) // buffers and pools become as large as they must be
	var before, after runtime.MemStats
	least := uint64(1 << 62)
	for range 10 {
		runtime.ReadMemStats(&before)
		f(n)
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
		if float64(least) < few*float64(n) {
			break
		}
	}
	return float64(least) / float64(n)
}

// few allocations a message are none: some for each batch of hundreds, or after a collection.
const few = 0.02

// The transport allocates nothing for a message, neither at its sender nor at its receiver.
func TestMessagesAllocateNothing(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	m := &Block{Bytes: make([]byte, 64)}
	c := pair(t, blocks(64), transport.HandlerFunc(func(_ context.Context, _ *transport.Session, in transport.Incoming) (codec.Message, error) {
		if in.Call {
			return m, nil
		}
		return nil, nil
	}))
	ctx := context.Background()
	t.Run("Send", func(t *testing.T) {
		got := allocations(10_000, func(n int) {
			for range n {
				if err := c.Send(ctx, m); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		})
		if got > few {
			t.Errorf("%.3f allocations a message, want none", got)
		}
	})
	t.Run("Call", func(t *testing.T) {
		got := allocations(2_000, func(n int) {
			for range n {
				if _, err := c.Call(ctx, m); err != nil {
					t.Fatal(err)
				}
			}
		})
		if got > few {
			t.Errorf("%.3f allocations a call, want none", got)
		}
	})
}

// A session that has nothing to do takes little. BenchmarkIdleSession has the figure; this bound is
// loose, so that it holds beside other tests.
func TestIdleSessionIsSmall(t *testing.T) {
	if raced {
		t.Skip("the race detector's own memory is in the figure")
	}
	const (
		warm     = 100 // sessions, for what the first ones bring about is not theirs
		sessions = 1000
		most     = 7.0 // KiB
	)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := blocks(64)
	s := &transport.Server{Protocol: p, Handler: new(quiet), Session: session.Config{Offer: rarely}}
	go s.Serve(l)
	defer s.Close()
	conns := make([]net.Conn, 0, warm+sessions)
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
	}()
	var before uint64
	for i := range warm + sessions {
		if i == warm {
			before = memory()
		}
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		attach(t, conn, p)
		conns = append(conns, conn)
	}
	// Memory is given back after up to 2 seconds, which a busy machine may stretch.
	one := 0.0
	for wait := time.Now().Add(time.Minute); time.Now().Before(wait); <-time.After(100 * time.Millisecond) {
		if one = float64(int64(memory()-before)) / sessions / 1024; one <= most {
			return
		}
	}
	t.Errorf("an idle session takes %.2f KiB, want at most %v", one, most)
}
