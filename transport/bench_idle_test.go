package transport_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/negotiate"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// rawIdle returns the KiB of a goroutine that waits for bytes with a buffer of 4 KiB.
func rawIdle(b *testing.B, n int) float64 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				conn.Write([]byte{1})
				for {
					if _, err := r.ReadByte(); err != nil {
						return
					}
				}
			}()
		}
	}()
	return idle(b, n, l.Addr().String(), func(conn net.Conn) {
		io.ReadFull(conn, make([]byte, 1))
	})
}

// parleyIdle returns the KiB of a session that has been opened, has handled a message and
// has nothing to do.
func parleyIdle(b *testing.B, n int) float64 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	p := blocks(64)
	s := &transport.Server{Protocol: p, Handler: new(quiet)}
	go s.Serve(l)
	defer s.Close()
	return idle(b, n, l.Addr().String(), func(conn net.Conn) { attach(b, conn, p) })
}

// settle is when the sessions count as idle: the transport waits for up to 2 seconds before
// it gives their memory back.
const settle = 3 * time.Second

// idle connects n clients, lets each speak, and returns the memory of one in KiB. The
// client's own socket, about half a KiB, is in it.
func idle(b *testing.B, n int, addr string, speak func(net.Conn)) float64 {
	conns := make([]net.Conn, 0, n)
	before := memory()
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		speak(conn)
		conns = append(conns, conn)
	}
	<-time.After(settle)
	after := memory()
	for _, conn := range conns {
		conn.Close()
	}
	return float64(after-before) / float64(n) / 1024
}

// rarely is an offer of heartbeats so far apart that nobody misses those of a client made by hand.
var rarely = negotiate.Offer{Heartbeat: negotiate.Heartbeat{Interval: time.Hour}}

// attach opens a session on conn, sends a message in it and reads its acknowledgement.
func attach(b testing.TB, conn net.Conn, p *codec.Protocol) {
	a := attack(b, conn, session.Config{Protocol: p, Offer: rarely})
	a.m.Send(time.Now(), &Block{Bytes: make([]byte, 64)}, session.SendOptions{})
	a.m.Flush(time.Now())
	if _, err := a.until(session.EventFlushed); err != nil {
		b.Fatal(err)
	}
}

// quiet is a handler that does nothing.
type quiet struct{}

func (quiet) Handle(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
	return nil, nil
}
