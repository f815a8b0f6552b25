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
	profile, err := session.NewProfile(negotiate.Client, session.Config{Protocol: p})
	if err != nil {
		b.Fatal(err)
	}
	return idle(b, n, l.Addr().String(), func(conn net.Conn) { attach(b, conn, profile) })
}

// settle is when the sessions count as idle: the transport waits for up to 2 seconds before
// it gives their memory back.
const settle = 3 * time.Second

// idle connects n clients, lets each speak, and returns the memory of one in KiB. The
// client's own socket, about half a KiB, is in it.
func idle(b *testing.B, n int, addr string, speak func(net.Conn)) float64 {
	conns := make([]net.Conn, 0, n)
	before := heap()
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		speak(conn)
		conns = append(conns, conn)
	}
	<-time.After(settle)
	after := heap()
	for _, conn := range conns {
		conn.Close()
	}
	return float64(after-before) / float64(n) / 1024
}

// attach opens a session on conn, sends a message in it and reads its acknowledgement.
func attach(b *testing.B, conn net.Conn, p *session.Profile) {
	now := time.Now()
	o := p.Open(now, negotiate.Key{})
	for o.State() == session.OpeningWaits {
		conn.Write(o.Output())
		o.Flushed()
		n, err := conn.Read(o.Space())
		if err != nil {
			b.Fatal(err)
		}
		o.Wrote(now, n)
	}
	m := p.New(now)
	gen, err := m.Attach(now, o)
	if err != nil {
		b.Fatal(err)
	}
	m.Send(now, &Block{Bytes: make([]byte, 64)}, session.SendOptions{})
	m.Flush(now)
	for flushed := false; !flushed; {
		if out := m.Output(now, gen); out != nil {
			out.WriteTo(conn)
			m.Written(now, gen)
		}
		n, err := conn.Read(m.Space(gen))
		if err != nil {
			b.Fatal(err)
		}
		m.Wrote(now, gen, n)
		for ev, ok := m.Next(); ok; ev, ok = m.Next() {
			flushed = flushed || ev.Kind == session.EventFlushed
		}
	}
}

// quiet is a handler that does nothing.
type quiet struct{}

func (quiet) Handle(context.Context, *transport.Session, transport.Incoming) (codec.Message, error) {
	return nil, nil
}
