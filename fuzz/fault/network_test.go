package fault_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

// connect listens on "server" and returns the ends of one connection.
func connect(t *testing.T, n *fault.Network) (client, server net.Conn, ln net.Listener) {
	t.Helper()
	ln, err := n.Listen("server")
	if err != nil {
		t.Fatal(err)
	}
	if client, err = n.Dial(t.Context(), "server"); err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close(); ln.Close() })
	return client, server, ln
}

func TestNetworkAddresses(t *testing.T) {
	var n fault.Network
	client, server, _ := connect(t, &n)
	if client.RemoteAddr().String() != "server" || server.RemoteAddr() != client.LocalAddr() {
		t.Errorf("client %v → %v, server %v → %v", client.LocalAddr(), client.RemoteAddr(), server.LocalAddr(), server.RemoteAddr())
	}
	other, err := n.DialFrom(t.Context(), "10.0.0.7", "server")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if host, _, err := net.SplitHostPort(other.LocalAddr().String()); host != "10.0.0.7" || err != nil {
		t.Errorf("local address %v", other.LocalAddr())
	}
}

func TestNetworkRefuses(t *testing.T) {
	var n fault.Network
	if _, err := n.Dial(t.Context(), "nobody"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("no listener: %v", err)
	}
	ln, _ := n.Listen("server")
	if _, err := n.Listen("server"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("second listener: %v", err)
	}
	waiting, err := n.Dial(t.Context(), "server")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	want(t, "not accepted", readOne(waiting), result{"", syscall.ECONNRESET})
	waiting.Close()
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
	if _, err := n.Dial(t.Context(), "server"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed listener: %v", err)
	}
	if ln, err = n.Listen("server"); err != nil {
		t.Errorf("listen again: %v", err)
	}
	ln.Close()
	if s := n.Stats(); s.Refusals != 2 || s.Conns != 1 {
		t.Errorf("counted %v", s)
	}
}

func TestLatencyAndOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Seed: 1, Latency: 20 * time.Millisecond, Jitter: 30 * time.Millisecond}}
		start := time.Now()
		client, server, _ := connect(t, n)
		if d := time.Since(start); d != 40*time.Millisecond {
			t.Errorf("the dial took %v, want a round trip of 40 ms", d)
		}
		start = time.Now()
		for i := range 50 {
			client.Write([]byte{byte(i)})
		}
		client.Close()
		if d := time.Since(start); d != 0 {
			t.Errorf("the writes took %v", d)
		}
		var got []byte
		p := make([]byte, 10)
		spread := map[time.Duration]bool{}
		for {
			k, err := server.Read(p)
			if err == io.EOF {
				break
			}
			if d := time.Since(start); d < 20*time.Millisecond || d > 50*time.Millisecond {
				t.Errorf("arrived after %v", d)
			}
			spread[time.Since(start)] = true
			got = append(got, p[:k]...)
		}
		for i, b := range got {
			if int(b) != i {
				t.Fatalf("out of order: %v", got)
			}
		}
		if len(got) != 50 || len(spread) < 2 {
			t.Errorf("%d bytes arrived at %d times", len(got), len(spread))
		}
	})
}

func TestBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Bandwidth: 1000}}
		client, server, _ := connect(t, n)
		start := time.Now()
		client.Write(make([]byte, 500))
		client.Write(make([]byte, 2500))
		io.ReadFull(server, make([]byte, 3000))
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("3000 bytes at 1000 a second took %v", d)
		}
	})
}

// A writer waits when the buffer is full, until a reader makes room.
func TestBufferIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Buffer: 10}}
		client, server, _ := connect(t, n)
		client.SetWriteDeadline(time.Now().Add(time.Second))
		want(t, "write", writeOne(client, "0123456789abc"), result{"0123456789", os.ErrDeadlineExceeded})
		client.SetWriteDeadline(time.Time{})
		done := make(chan result)
		go func() { done <- writeOne(client, "abc") }()
		synctest.Wait()
		want(t, "read", readOne(server), result{"0123456789", nil})
		want(t, "write", <-done, result{"abc", nil})
		want(t, "read", readOne(server), result{"abc", nil})
	})
}

// What is written before the news of a close arrives is lost, as with TCP.
func TestWriteToAClosedPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Latency: time.Second}}
		client, server, _ := connect(t, n)
		server.Close()
		want(t, "at once", writeOne(client, "lost"), result{"lost", nil})
		time.Sleep(time.Second)
		want(t, "a second later", writeOne(client, "x"), result{"", syscall.ECONNRESET})
		want(t, "read", readOne(client), result{"", io.EOF})
		want(t, "own close", writeOne(server, "x"), result{"", net.ErrClosed})
		want(t, "own close", readOne(server), result{"", net.ErrClosed})
	})
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n fault.Network
		client, server, _ := connect(t, &n)
		client.SetReadDeadline(time.Now().Add(time.Minute))
		d := elapsed(func() { want(t, "read", readOne(client), result{"", os.ErrDeadlineExceeded}) })
		if d != time.Minute {
			t.Errorf("took %v", d)
		}
		server.Write([]byte("x"))
		want(t, "past the deadline", readOne(client), result{"", os.ErrDeadlineExceeded})
		client.SetReadDeadline(time.Time{})
		want(t, "without", readOne(client), result{"x", nil})
	})
}

// Nobody accepts: the queue fills, and the next dial is refused.
func TestBacklogIsBounded(t *testing.T) {
	var n fault.Network
	ln, _ := n.Listen("server")
	dialled := 0
	for {
		c, err := n.Dial(t.Context(), "server")
		if err != nil {
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Error(err)
			}
			break
		}
		defer c.Close()
		dialled++
	}
	if dialled != 4096 {
		t.Errorf("%d connections wait", dialled)
	}
	ln.Close()
}

func TestDialIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Latency: time.Hour}}
		ln, _ := n.Listen("server")
		defer ln.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		d := elapsed(func() {
			if _, err := n.Dial(ctx, "server"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("dial: %v", err)
			}
		})
		if d != time.Minute {
			t.Errorf("took %v", d)
		}
	})
}

// faultsOf runs some traffic over a bad link and returns what happened and the
// bytes that arrived.
func faultsOf(t *testing.T, seed uint64) (string, []byte) {
	var stats string
	var arrived []byte
	synctest.Test(t, func(t *testing.T) {
		n := &fault.Network{Link: fault.Link{Seed: seed, Latency: time.Millisecond, Rates: fault.Rates{
			Stall: 0.1, Fragment: 0.3, Reset: 0.01,
		}}}
		client, server, _ := connect(t, n)
		go func() {
			for i := range 1000 {
				if _, err := client.Write([]byte{byte(i), byte(i >> 8), 0, 0, 0}); err != nil {
					break
				}
			}
			client.Close()
		}()
		arrived, _ = io.ReadAll(server)
		server.Close()
		synctest.Wait()
		stats = n.Stats().String()
	})
	return stats, arrived
}

func TestSeedDecidesTheFaults(t *testing.T) {
	stats, arrived := faultsOf(t, 7)
	again, arrivedAgain := faultsOf(t, 7)
	if stats != again || !bytes.Equal(arrived, arrivedAgain) {
		t.Errorf("same seed: %s, %d bytes; then %s, %d bytes", stats, len(arrived), again, len(arrivedAgain))
	}
	if other, _ := faultsOf(t, 8); other == stats {
		t.Errorf("another seed gave the same: %s", other)
	}
}

// Latency, stalls, fragments and resets never change, repeat or reorder bytes:
// what arrives is the beginning of what was written.
func TestWhatArrivesIsAPrefix(t *testing.T) {
	for seed := range uint64(20) {
		_, arrived := faultsOf(t, seed)
		for i, b := range arrived {
			want := [5]byte{byte(i / 5), byte(i / 5 >> 8)}[i%5]
			if b != want {
				t.Fatalf("seed %d: byte %d is %d, want %d", seed, i, b, want)
			}
		}
	}
}

func TestLinkSchedule(t *testing.T) {
	n := &fault.Network{Link: fault.Link{Schedule: func(i int) fault.Schedule {
		s, _ := fault.Parse("w0:short(1)")
		if i == 0 {
			return nil
		}
		return s
	}}}
	client, _, ln := connect(t, n)
	want(t, "first", writeOne(client, "abc"), result{"abc", nil})
	second, err := n.Dial(t.Context(), "server")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	server, _ := ln.Accept()
	defer server.Close()
	want(t, "second", writeOne(second, "abc"), result{"a", io.ErrShortWrite})
	want(t, "its server", writeOne(server, "abc"), result{"abc", nil})
}
