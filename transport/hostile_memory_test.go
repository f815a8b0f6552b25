package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
	"github.com/parleyproto/parley/transport/session"
)

// mute is a connection from a peer that says nothing. It is small, so that the memory of ten
// thousand is the server's.
type mute struct {
	addr   fault.Addr
	mu     sync.Mutex
	limit  *time.Timer
	ended  chan struct{}
	closed bool
}

func (m *mute) Read([]byte) (int, error)         { <-m.ended; return 0, os.ErrDeadlineExceeded }
func (m *mute) Write(p []byte) (int, error)      { return len(p), nil }
func (m *mute) LocalAddr() net.Addr              { return fault.Addr("server:1") }
func (m *mute) RemoteAddr() net.Addr             { return m.addr }
func (m *mute) SetReadDeadline(time.Time) error  { return nil }
func (m *mute) SetWriteDeadline(time.Time) error { return nil }

func (m *mute) SetDeadline(t time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !t.IsZero() && m.limit == nil {
		m.limit = time.AfterFunc(time.Until(t), func() { close(m.ended) })
	}
	return nil
}

func (m *mute) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// raced: the race detector runs.
var raced bool

// crowd is a listener at which mute peers come.
type crowd struct {
	come chan net.Conn
	stop chan struct{}
	once sync.Once
}

func (c *crowd) Accept() (net.Conn, error) {
	select {
	case conn := <-c.come:
		return conn, nil
	case <-c.stop:
		return nil, net.ErrClosed
	}
}

func (c *crowd) Close() error   { c.once.Do(func() { close(c.stop) }); return nil }
func (c *crowd) Addr() net.Addr { return fault.Addr("server:1") }

// Ten thousand connections that say nothing cost a goroutine each, for as long as a handshake
// may take, and the other sessions nothing.
func TestTenThousandMutePeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const peers = 10_000
		var network fault.Network
		s := serve(t, &network, "server", &transport.Server{Handler: new(log)})
		c := dial(t, &network, transport.Config{})
		ready(t, c)
		l := &crowd{come: make(chan net.Conn), stop: make(chan struct{})}
		go s.Serve(l)
		all := make([]*mute, peers)
		for i := range all {
			all[i] = &mute{addr: fault.Addr(fmt.Sprintf("10.0.%d.%d:1", i/250, i%250)), ended: make(chan struct{})}
		}
		before, began := memory(), time.Now()
		for _, m := range all {
			l.come <- m
		}
		synctest.Wait()
		each := float64(memory()-before) / peers / 1024
		t.Logf("%.1f KiB for each", each)
		if each > 8 && !raced {
			t.Errorf("each costs %.1f KiB, want 8 at most, as docs/transport.md says", each)
		}
		if _, err := c.Call(t.Context(), &Note{N: 1}); err != nil {
			t.Errorf("another session: %v", err)
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("another session's call took %v", d)
		}
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		for i, m := range all {
			if m.mu.Lock(); !m.closed {
				t.Fatalf("connection %d is still open", i)
			}
			m.mu.Unlock()
		}
		l.Close()
	})
}

// A greeting that comes a byte at a time has to be there in time all the same.
func TestGreetingByteByByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		serve(t, &network, "server", &transport.Server{Handler: new(log)})
		conn, began := raw(t, &network), time.Now()
		for _, b := range []byte("PARLEY/1 notes v=3                              \n") {
			if _, err := conn.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if d := time.Since(began); d > 12*time.Second {
			t.Errorf("closed after %v, want 10s", d)
		}
	})
}

// victims is a server with an attacker's session and another client's, which must not notice.
func victims(t *testing.T, network *fault.Network) (s *transport.Server, a *attacker, target *transport.Session, unharmed func()) {
	opened := make(chan *transport.Session, 2)
	s = serve(t, network, "server", &transport.Server{Handler: new(log), OnOpen: func(x *transport.Session) error {
		opened <- x
		return nil
	}})
	a = attack(t, raw(t, network), session.Config{Protocol: notes})
	a.until(session.EventAttached)
	target = <-opened
	c := dial(t, network, transport.Config{})
	ready(t, c)
	return s, a, target, func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Call(ctx, &Note{N: 1}); err != nil || c.Stats().Attaches != 1 {
			t.Errorf("another session is harmed: %v, %d connections", err, c.Stats().Attaches)
		}
	}
}

// fill sends to a peer that does not take it until the queue is full.
func fill(t *testing.T, s *transport.Session) {
	t.Helper()
	m := &Note{Text: string(make([]byte, 1000))}
	for i := 0; ; i++ {
		if _, err := s.SendWith(t.Context(), m, session.SendOptions{Overflow: session.Fail}); errors.Is(err, session.ErrQueueFull) {
			break
		} else if err != nil || i > 100_000 {
			t.Fatalf("after %d messages: %v, want a full queue", i, err)
		}
		synctest.Wait()
	}
	if n := s.Stats().QueueBytes; n > 8<<20 {
		t.Errorf("%d bytes are queued, the bound is 8 MiB", n)
	}
}

// A peer that pings and never reads costs a queue, for as long as a write may stand.
func TestPeerThatPingsAndNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		s, a, target, unharmed := victims(t, &network)
		began := time.Now()
		fill(t, target)
		unharmed()
		for i := 0; time.Since(began) < time.Hour; i++ {
			if a.frame(session.Envelope{Kind: session.KindPing, ID: uint64(1000 + i), Next: 25_000}) != nil {
				break
			}
			time.Sleep(25 * time.Second)
		}
		if d := time.Since(began); d > 3*time.Minute {
			t.Errorf("its connection was closed after %v", d)
		}
		unharmed()
		time.Sleep(3 * time.Minute) // the resume window
		if n := len(s.Sessions()); n != 1 {
			t.Errorf("%d sessions, want that of the other client only", n)
		}
	})
}

// A peer that reads and answers pings, but never handles anything, gets its window and no more.
func TestPeerThatNeverAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		_, a, target, unharmed := victims(t, &network)
		go a.until(session.EventClosed) // takes all, and tells of nothing that it is done
		fill(t, target)
		time.Sleep(10 * time.Minute)
		if st := target.Stats(); st.BytesOut > session.DefaultWindow+64<<10 || st.State != session.Attached {
			t.Errorf("%v, %d bytes were sent; its window is 4 MiB", st.State, st.BytesOut)
		}
		unharmed()
	})
}

// Acknowledgements that acknowledge nothing, each of which asks for an answer that the peer does
// not read, cost no memory.
func TestFloodOfAcks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fault.Network
		_, a, target, unharmed := victims(t, &network)
		go io.Copy(io.Discard, io.LimitReader(a.conn, 1<<10))
		before := memory()
		for range 100_000 {
			if a.frame(session.Envelope{Kind: session.KindAck, Flags: session.FlagAsk}) != nil {
				break
			}
		}
		synctest.Wait()
		if grown := int64(memory()) - int64(before); grown > 1<<20 {
			t.Errorf("the heap has grown by %d KiB", grown>>10)
		}
		if n := target.Stats().QueueBytes; n != 0 {
			t.Errorf("%d bytes are queued", n)
		}
		unharmed()
	})
}
