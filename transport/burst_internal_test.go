//go:build unix

package transport

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/parleyproto/parley/codec"
	"github.com/parleyproto/parley/transport/session"
)

// bytesCodec has messages that are their bytes.
type bytesCodec struct{}

func (bytesCodec) Append(dst []byte, m codec.Message) ([]byte, error) {
	return append(dst, m.([]byte)...), nil
}
func (bytesCodec) Decode(src []byte) (codec.Message, error) { return []byte(nil), nil }

// joined returns a client's session whose connection, over loopback, is ready and at rest, and locks
// it; and the connection as its server has it.
func joined(t *testing.T) (*Session, net.Conn) {
	t.Helper()
	p := &codec.Protocol{Name: "bytes", Releases: []codec.Release{{Version: 1, Codec: bytesCodec{}}}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, *Session, Incoming) (codec.Message, error) { return nil, nil }
	server := &Server{Protocol: p, Handler: HandlerFunc(nothing)}
	accepted := make(chan net.Conn, 1)
	go server.Serve(witness{ln, accepted})
	c, err := Dial(&Config{Endpoints: []string{ln.Addr().String()}, Protocol: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); server.Close() })
	if err := c.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := c.Session
	s.mu.Lock()
	for s.link == nil || s.link.writing {
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
	}
	return s, <-accepted
}

// witness is a listener that tells what it has accepted.
type witness struct {
	net.Listener
	accepted chan<- net.Conn
}

func (w witness) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err == nil {
		w.accepted <- conn
	}
	return conn, err
}

// When the stream has ended, who gathers writes all that is left, and is not kept back after each
// write: that takes a millisecond each time, as the system's timers are no finer.
func TestRestOfAStreamIsWrittenAtOnce(t *testing.T) {
	s, _ := joined(t)
	defer s.unlock()
	message := make([]byte, 1<<10)
	for range 1000 {
		if _, err := s.m.Send(time.Now(), message, session.SendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	l := s.link
	l.writing, l.starting = true, true
	s.workOff(l)
	if n := s.m.Unsent(); n > 0 {
		t.Errorf("%d of %d bytes wait for a timer", n, 1000*len(message))
	}
}
