package fault_test

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
)

// halfCloser is what *net.TCPConn and *fault.Conn have beyond net.Conn.
type halfCloser interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

// carriers make connections of which the same is expected.
func carriers(t *testing.T) map[string]func() (a, b halfCloser) {
	connect := func(ln net.Listener, dial func(ctx context.Context, address string) (net.Conn, error)) (a, b halfCloser) {
		t.Helper()
		defer ln.Close()
		client, err := dial(t.Context(), ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close(); server.Close() })
		return client.(halfCloser), server.(halfCloser)
	}
	tcp := func(link *fault.Link, listen func() (net.Listener, error)) func() (a, b halfCloser) {
		return func() (a, b halfCloser) {
			ln, err := listen()
			if err != nil {
				t.Fatal(err)
			}
			if link == nil {
				return connect(ln, func(ctx context.Context, address string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, "tcp", address)
				})
			}
			return connect(ln, link.Dial(nil))
		}
	}
	listen := func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }
	return map[string]func() (a, b halfCloser){
		"tcp":         tcp(nil, listen),
		"link":        tcp(&fault.Link{}, listen),
		"pumped link": tcp(&fault.Link{Latency: time.Millisecond}, listen),
		"memory": func() (a, b halfCloser) {
			var n fault.Network
			ln, err := n.Listen("server")
			if err != nil {
				t.Fatal(err)
			}
			return connect(ln, n.Dial)
		},
	}
}

// A connection in memory, and one over a link without faults, cannot be told
// from TCP.
func TestLikeTCP(t *testing.T) {
	for name, connect := range carriers(t) {
		t.Run(name, func(t *testing.T) {
			t.Run("close after write", func(t *testing.T) {
				a, b := connect()
				want(t, "write", writeOne(a, "last words"), result{"last words", nil})
				a.Close()
				want(t, "read", readOne(b), result{"last words", nil})
				want(t, "read", readOne(b), result{"", io.EOF})
				want(t, "read", readOne(b), result{"", io.EOF})
				want(t, "own read", readOne(a), result{"", net.ErrClosed})
				want(t, "own write", writeOne(a, "x"), result{"", net.ErrClosed})
			})
			t.Run("half close", func(t *testing.T) {
				a, b := connect()
				a.CloseWrite()
				want(t, "read", readOne(b), result{"", io.EOF})
				want(t, "answer", writeOne(b, "answer"), result{"answer", nil})
				want(t, "read", readOne(a), result{"answer", nil})
				if got := writeOne(a, "x"); got.err == nil {
					t.Error("a write after CloseWrite succeeded")
				}
			})
			t.Run("reset", func(t *testing.T) {
				a, b := connect()
				a.SetLinger(0)
				a.Close()
				want(t, "read", readOne(b), result{"", syscall.ECONNRESET})
			})
			t.Run("deadline", func(t *testing.T) {
				a, b := connect()
				a.SetReadDeadline(time.Unix(1, 0))
				want(t, "read", readOne(a), result{"", os.ErrDeadlineExceeded})
				a.SetReadDeadline(time.Time{})
				b.Write([]byte("x"))
				want(t, "read", readOne(a), result{"x", nil})
				a.SetWriteDeadline(time.Unix(1, 0))
				want(t, "write", writeOne(a, "x"), result{"", os.ErrDeadlineExceeded})
			})
			t.Run("close wakes a reader", func(t *testing.T) {
				a, _ := connect()
				got := make(chan result)
				go func() { got <- readOne(a) }()
				a.Close()
				want(t, "read", <-got, result{"", net.ErrClosed})
			})
			t.Run("empty write and read", func(t *testing.T) {
				a, b := connect()
				want(t, "write", writeOne(a, ""), result{"", nil})
				if n, err := b.Read(nil); n != 0 || err != nil {
					t.Errorf("read of nothing: %d, %v", n, err)
				}
			})
		})
	}
}
